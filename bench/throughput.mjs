/**
 * Measures cloud-to-device throughput and latency of a hub.
 *
 * node bench/throughput.mjs [--seconds 4] [-o json]
 */

import { parseArgs } from "node:util";
import azureCommon from "azure-iot-common";
import iothub from "azure-iothub";
import { Arrivals } from "./support/arrivals.mjs";
import { measureBothStores, printResults } from "./support/both-stores.mjs";
import { connectMqttDevice } from "./support/mqtt-device.mjs";
import { percentile } from "./support/percentile.mjs";

/** Messages in flight at once. */
const WINDOW = 256;
const DEVICES = 24;
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
printResults("throughput", await measureBothStores(ids, measure), values.output);

async function measure(address) {
  const arrivals = new Arrivals();
  const devices = ids.map((id) => drain(address, id, arrivals));
  await Promise.all(devices.map(({ ready }) => ready));
  const client = iothub.Client.fromConnectionString(address.connectionString);
  await client.open();
  // One message first: otherwise the SDK attaches a link for each of the first ones.
  await client.send(ids[0], new azureCommon.Message(BODY));
  const latency = await measureLatency(client, ids[0], arrivals);
  const rate = await measureRate(client, arrivals);
  await client.close();
  for (const device of devices) device.close();
  return { ...rate, ...latency };
}

function drain(address, id, arrivals) {
  const device = connectMqttDevice(address, id, (packet) => {
    device.acknowledge(packet);
    arrivals.add();
  });
  return device;
}

/** One message at a time, from the call of `send` to its arrival over MQTT. */
async function measureLatency(client, id, arrivals) {
  const samples = [];
  for (let index = 0; index < WARM_UP_SAMPLES + LATENCY_SAMPLES; index++) {
    const arrived = arrivals.next();
    const startMs = performance.now();
    const accepted = client.send(id, new azureCommon.Message(BODY));
    await arrived;
    samples.push(performance.now() - startMs);
    await accepted;
  }
  const sorted = samples.slice(WARM_UP_SAMPLES).sort((a, b) => a - b);
  return { "p50 ms": percentile(sorted, 0.5), "p99 ms": percentile(sorted, 0.99) };
}

/** As fast as possible, over all devices in turn, with a window of sends in flight. */
async function measureRate(client, arrivals) {
  const startMs = performance.now();
  const untilMs = startMs + Number(values.seconds) * 1000;
  const arrivedBefore = arrivals.count;
  let number = 0;
  let accepted = 0;
  let refused = 0;
  const sendOn = async () => {
    while (performance.now() < untilMs) {
      number += 1;
      await client.send(ids[number % ids.length], new azureCommon.Message(BODY)).then(
        () => {
          accepted += 1;
        },
        () => {
          refused += 1;
        },
      );
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, sendOn));
  const seconds = (performance.now() - startMs) / 1000;
  return {
    "sends/s": Math.round(accepted / seconds),
    "deliveries/s": Math.round((arrivals.count - arrivedBefore) / seconds),
    refused,
  };
}
