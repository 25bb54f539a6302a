/**
 * Measures telemetry throughput and latency, from azure-iot-device over MQTT to an event reader with
 * @azure/event-hubs.
 *
 * node bench/telemetry.mjs [--seconds 4] [-o json]
 */

import { parseArgs } from "node:util";
import { EventHubConsumerClient, earliestEventPosition } from "@azure/event-hubs";
import azureCommon from "azure-iot-common";
import device from "azure-iot-device";
import deviceMqtt from "azure-iot-device-mqtt";
import { Arrivals } from "./support/arrivals.mjs";
import { measureBothStores, printResults } from "./support/both-stores.mjs";
import { createHttpsClient } from "./support/https-client.mjs";
import { percentile } from "./support/percentile.mjs";

const DEVICES = 8;
/** Messages in flight at once, per device. */
const WINDOW = 64;
const LATENCY_SAMPLES = 500;
const WARM_UP_SAMPLES = 50;
const BODY = Buffer.alloc(100, "x");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    output: { type: "string", short: "o", default: "text" },
  },
});

const ids = Array.from({ length: DEVICES }, (_, index) => `device${index}`);
printResults("telemetry", await measureBothStores(ids, measure), values.output);

async function measure(address) {
  const arrivals = new Arrivals();
  const reader = await readEvents(address, arrivals);
  const clients = await Promise.all((await connectionStrings(address)).map(open));
  const latency = await measureLatency(clients[0], arrivals);
  const rate = await measureRate(clients, arrivals);
  await Promise.all(clients.map((client) => client.close()));
  await reader.close();
  return { ...rate, ...latency };
}

async function readEvents({ eventHubConnectionString }, arrivals) {
  const client = new EventHubConsumerClient("$Default", eventHubConnectionString);
  client.subscribe(
    {
      async processEvents(events) {
        for (const _ of events) arrivals.add();
      },
      async processError(error) {
        throw error;
      },
    },
    { startPosition: earliestEventPosition, maxBatchSize: 500, maxWaitTimeInSeconds: 1 },
  );
  return client;
}

async function connectionStrings(address) {
  const { call, close } = createHttpsClient(address);
  const devices = [];
  for (const id of ids) devices.push(await call("GET", `/devices/${id}`));
  close();
  return devices.map(({ body }, index) => {
    const key = JSON.parse(body).authentication.symmetricKey.primaryKey;
    return `HostName=localhost:${address.port};DeviceId=${ids[index]};SharedAccessKey=${key}`;
  });
}

async function open(connectionString) {
  const client = device.Client.fromConnectionString(connectionString, deviceMqtt.Mqtt);
  await client.open();
  return client;
}

/** One message at a time, from the call of `sendEvent` to its arrival at the reader. */
async function measureLatency(client, arrivals) {
  const samples = [];
  for (let index = 0; index < WARM_UP_SAMPLES + LATENCY_SAMPLES; index++) {
    const arrived = arrivals.next();
    const startMs = performance.now();
    const confirmed = client.sendEvent(new azureCommon.Message(BODY));
    await arrived;
    samples.push(performance.now() - startMs);
    await confirmed;
  }
  const sorted = samples.slice(WARM_UP_SAMPLES).sort((a, b) => a - b);
  return { "p50 ms": percentile(sorted, 0.5), "p99 ms": percentile(sorted, 0.99) };
}

/** As fast as possible, over all devices, with a window of messages in flight. */
async function measureRate(clients, arrivals) {
  const startMs = performance.now();
  const untilMs = startMs + Number(values.seconds) * 1000;
  const arrivedBefore = arrivals.count;
  let confirmed = 0;
  const sendOn = async (client) => {
    while (performance.now() < untilMs) {
      await client.sendEvent(new azureCommon.Message(BODY));
      confirmed += 1;
    }
  };
  await Promise.all(
    clients.flatMap((client) => Array.from({ length: WINDOW }, () => sendOn(client))),
  );
  const seconds = (performance.now() - startMs) / 1000;
  return {
    "confirmed/s": Math.round(confirmed / seconds),
    "read/s": Math.round((arrivals.count - arrivedBefore) / seconds),
  };
}
