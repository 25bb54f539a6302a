import { openBrokerPath } from "../clients/broker-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { openTelemetryPath } from "../clients/telemetry-path.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, figureAtMost } from "../measuring/figures.mjs";
import { startAedes } from "../servers/brokers.mjs";
import { DURABLE, IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "The hub's CPU time for a telemetry message: in over MQTT from one of 24 devices, stored, acknowledged, and read with @azure/event-hubs. aedes: in and out over MQTT at QoS 1.";

/** More on their way than in hub-cpu: the SDK collects events for a while before it hands them on. */
const LOAD = { ids: deviceIds(24), window: 1024 };

export async function measure(context) {
  const { size } = context;
  const contenders = { durable: await startHubUnderLoad(DURABLE) };
  const aedes = await startAedes(context);
  if (aedes) contenders.aedes = { server: aedes, path: await openBrokerPath(aedes, LOAD) };
  contenders.memory = await startHubUnderLoad(IN_MEMORY);
  const options = { rounds: size(7, 1), warmUps: size(2, 0), messages: size(20_000, 500) };
  const samples = await measureCpuPerMessage(options, contenders);
  for (const { path } of Object.values(contenders)) path.close();
  const against = samples.aedes && { what: "aedes", samples: samples.aedes };
  const targets = [figureAtMost(60)];
  return [
    figure("durable hub", "µs", samples.durable, { against, targets }),
    figure("hub in memory", "µs", samples.memory, { against, targets }),
  ];
}

async function startHubUnderLoad(store) {
  const server = await startHub([...store, ...withDevices(LOAD.ids)]);
  return { server, path: await openTelemetryPath(server, LOAD) };
}
