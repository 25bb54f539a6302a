import { openBrokerPath } from "../clients/broker-path.mjs";
import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { startAedes, startMosquitto } from "../servers/brokers.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "The CPU time of a hub in memory for a message, 256 messages on their way, with many devices connected: when 24 of them get all messages, and when all get them in turn. The brokers, each against itself: in turn.";

const FEW = 24;
const WINDOW = 256;

export async function measure(context) {
  const { size } = context;
  const many = size([1000, 5000], [50, 100]);
  const hubs = { few: await startHubWith(FEW) };
  for (const count of many) {
    hubs[`${count} idle`] = await startHubWith(count, deviceIds(FEW));
    hubs[`${count} in turn`] = await startHubWith(count);
  }
  const options = { rounds: size(5, 1), warmUps: size(2, 0), messages: size(20_000, 500) };
  const { few, ...samples } = await measureCpuPerMessage(options, hubs);
  for (const { path } of Object.values(hubs)) path.close();
  const against = { what: `${FEW} devices`, samples: few };
  const figures = many.flatMap((count, index) => {
    const targets = [ratioAtMost([1.1, 1.4][index])];
    const whats = { [`${count} in turn`]: "all in turn", [`${count} idle`]: `to ${FEW} of them` };
    return Object.entries(whats).map(([name, what]) =>
      figure(`${count} devices, ${what}`, "µs", samples[name], { against, targets }),
    );
  });
  for (const start of [startAedes, startMosquitto]) {
    figures.push(...(await measureBroker(start, many, options, context)));
  }
  return figures;
}

async function startHubWith(count, receivers) {
  const ids = deviceIds(count);
  const server = await startHub([...IN_MEMORY, ...withDevices(ids)]);
  return { server, path: await openC2dPath(server, { ids, receivers, window: WINDOW }) };
}

async function measureBroker(start, many, options, context) {
  const brokers = {};
  for (const count of [FEW, ...many]) {
    const server = await start(context);
    if (server === undefined) return [];
    const path = await openBrokerPath(server, { ids: deviceIds(count), window: WINDOW });
    brokers[count] = { server, path };
  }
  const samples = await measureCpuPerMessage(options, brokers);
  for (const { path } of Object.values(brokers)) path.close();
  const { name } = brokers[FEW].server;
  const against = { what: `${name}, ${FEW} devices`, samples: samples[FEW] };
  return many.map((count) =>
    figure(`${name}, ${count} devices, all in turn`, "µs", samples[count], { against }),
  );
}
