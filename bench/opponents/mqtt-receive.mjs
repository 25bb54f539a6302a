/**
 * Receives messages with nothing but mqtt.js, acknowledging each, and ends after as many.
 *
 * node mqtt-receive.mjs <device> <count>
 */

import { readFileSync } from "node:fs";
import mqtt from "mqtt";

const { HUB_PORT, HUB_TOKEN, IOTHUB_CA_FILE } = process.env;
const [deviceId, count] = process.argv.slice(2);

const client = mqtt.connect({
  host: "localhost",
  port: Number(HUB_PORT),
  protocol: "mqtts",
  servername: "localhost",
  ca: readFileSync(IOTHUB_CA_FILE),
  clientId: deviceId,
  clean: false,
  username: `localhost/${deviceId}/?api-version=2021-04-12`,
  password: HUB_TOKEN,
  reconnectPeriod: 0,
});
let received = 0;
client.on("connect", () =>
  client.subscribe(`devices/${deviceId}/messages/devicebound/#`, { qos: 1 }),
);
client.on("message", () => {
  received += 1;
  if (received === Number(count)) client.end();
});
