import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { DURABLE, IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";
import { startLevelDbFloor } from "../servers/leveldb-floor.mjs";

export const description =
  "The CPU time of a durable hub for a message, as in hub-cpu. LevelDB alone makes the writes that such a hub has made, batch by batch, each synced: added to the hub in memory, the least that a durable one can take.";

const IDS = deviceIds(24);

/** As in hub-cpu. */
const WINDOWS = [256, 24];

export async function measure({ size }) {
  const durable = await startHub([...DURABLE, ...withDevices(IDS)]);
  const memory = await startHub([...IN_MEMORY, ...withDevices(IDS)]);
  const figures = [];
  for (const window of WINDOWS) figures.push(...(await compare({ durable, memory }, window, size)));
  return figures;
}

async function compare({ durable, memory }, window, size) {
  const load = { ids: IDS, window };
  const contenders = {
    durable: { server: durable, path: await openC2dPath(durable, load) },
    memory: { server: memory, path: await openC2dPath(memory, load) },
    floor: await startLevelDbFloor(load),
  };
  const options = { rounds: size(5, 1), warmUps: size(2, 0), messages: size(20_000, 500) };
  const samples = await measureCpuPerMessage(options, contenders);
  for (const { path } of Object.values(contenders)) path.close();
  const what = `durable hub, ${window} messages on their way`;
  return [
    figure(what, "µs", samples.durable, {
      against: { what: "hub in memory", samples: samples.memory },
      targets: [ratioAtMost(2)],
    }),
    figure(what, "µs", samples.durable, {
      against: { what: "LevelDB alone", samples: samples.floor },
    }),
    figure("hub in memory and LevelDB alone, added up", "µs", sums(samples.memory, samples.floor), {
      against: { what: "hub in memory", samples: samples.memory },
    }),
  ];
}

function sums(some, others) {
  return some.map((sample, index) => sample + others[index]);
}
