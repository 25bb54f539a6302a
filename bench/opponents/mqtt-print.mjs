/**
 * Receives messages with mqtt.js, writes each to stdout as a line of JSON, acknowledges it once that
 * is written, and ends after as many: the least that a listener can do.
 *
 * node mqtt-print.mjs <device> <count>
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
client.on("connect", () =>
  client.subscribe(`devices/${deviceId}/messages/devicebound/#`, { qos: 1 }),
);
let received = 0;
client.handleMessage = ({ topic, payload }, acknowledge) => {
  const [, bag] = topic.split("/devicebound/");
  const properties = Object.fromEntries(new URLSearchParams(bag));
  const line = { receivedAt: new Date().toISOString(), properties, body: payload.toString() };
  process.stdout.write(`${JSON.stringify(line)}\n`, () => {
    acknowledge();
    received += 1;
    if (received === Number(count)) client.end();
  });
};
