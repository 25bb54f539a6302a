import { openBrokerPath } from "../clients/broker-path.mjs";
import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, figureAtMost, ratioAtMost } from "../measuring/figures.mjs";
import { startAedes, startBareRelay, startMosquitto } from "../servers/brokers.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "The CPU time of a hub in memory for a message: in over AMQP, out over MQTT to one of 24 devices, and acknowledged. The brokers': in and out over MQTT at QoS 1. A bare relay does what the hub does with rhea and mqtt-packet, and nothing else. All over TLS.";

const IDS = deviceIds(24);

/** Messages on their way at once: as many as fill the server, and one for each device. */
const WINDOWS = [256, 24];

export async function measure(context) {
  const hub = await startHub([...IN_MEMORY, ...withDevices(IDS)]);
  const brokers = [await startAedes(context), await startMosquitto(context)].filter(Boolean);
  const relay = await startBareRelay();
  const figures = [];
  for (const window of WINDOWS)
    figures.push(...(await compare(hub, relay, brokers, window, context)));
  return figures;
}

async function compare(hub, relay, brokers, window, { size }) {
  const load = { ids: IDS, window };
  const contenders = {
    hub: { server: hub, path: await openC2dPath(hub, load) },
    [relay.name]: { server: relay, path: await openC2dPath(relay, load) },
  };
  for (const broker of brokers) {
    contenders[broker.name] = { server: broker, path: await openBrokerPath(broker, load) };
  }
  const options = { rounds: size(7, 1), warmUps: size(2, 0), messages: size(20_000, 500) };
  const samples = await measureCpuPerMessage(options, contenders);
  for (const { path } of Object.values(contenders)) path.close();
  const what = `hub, ${window} messages on their way`;
  const targets = { aedes: [ratioAtMost(1.7)] };
  return [
    figure(what, "µs", samples.hub, { targets: [figureAtMost(50)] }),
    ...[relay, ...brokers].map(({ name }) =>
      figure(what, "µs", samples.hub, {
        against: { what: name, samples: samples[name] },
        targets: targets[name],
      }),
    ),
  ];
}
