import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "The CPU time of a hub in memory for a message, 256 messages on their way, with many devices connected: when 24 of them get all messages, and when all get them in turn.";

const FEW = 24;
const WINDOW = 256;

export async function measure({ size }) {
  const many = size([1000, 5000], [50, 100]);
  const contenders = { few: await startWith(FEW) };
  for (const count of many) {
    contenders[`${count} idle`] = await startWith(count, deviceIds(FEW));
    contenders[`${count} in turn`] = await startWith(count);
  }
  const options = { rounds: size(5, 1), warmUps: size(2, 0), messages: size(20_000, 500) };
  const { few, ...samples } = await measureCpuPerMessage(options, contenders);
  const against = { what: `${FEW} devices`, samples: few };
  return many.flatMap((count, index) => {
    const targets = [ratioAtMost([1.1, 1.4][index])];
    const whats = { [`${count} in turn`]: "all in turn", [`${count} idle`]: `to ${FEW} of them` };
    return Object.entries(whats).map(([name, what]) =>
      figure(`${count} devices, ${what}`, "µs", samples[name], { against, targets }),
    );
  });
}

async function startWith(count, receivers) {
  const ids = deviceIds(count);
  const server = await startHub([...IN_MEMORY, ...withDevices(ids)]);
  return { server, path: await openC2dPath(server, { ids, receivers, window: WINDOW }) };
}
