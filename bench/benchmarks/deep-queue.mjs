import { openQueuePath } from "../clients/queue-path.mjs";
import { measureCpuPerMessage } from "../measuring/cpu-per-message.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_DEVICE, C2D_SEND, timeNode } from "../measuring/programs.mjs";
import { IN_MEMORY, startHub } from "../servers/hub.mjs";

export const description =
  "The CPU time of a hub in memory for a message, filling and draining one queue over AMQP, and the wall time of `listen --count 10` with as many waiting.";

const DEVICE = "device1";
const ARGS = [...IN_MEMORY, "--device", DEVICE, "--queue-depth", "100000"];

export async function measure({ size }) {
  const [deep, shallow] = [size(10_000, 1000), 100];
  const hubs = { deep: await startHub(ARGS), shallow: await startHub(ARGS) };
  const cpu = await measureCpuPerMessage(
    { rounds: size(5, 1), messages: deep },
    {
      deep: { server: hubs.deep, path: await openQueuePath(hubs.deep, DEVICE, deep) },
      shallow: { server: hubs.shallow, path: await openQueuePath(hubs.shallow, DEVICE, shallow) },
    },
  );
  await Promise.all([fill(hubs.deep, deep), fill(hubs.shallow, shallow)]);
  const wall = await measureInTurn(
    { rounds: size(5, 1) },
    { deep: () => timeListen(hubs.deep), shallow: () => timeListen(hubs.shallow) },
  );
  const what = `a queue of ${deep}`;
  const other = `a queue of ${shallow}`;
  return [
    figure(`${what}, filled and drained`, "µs", cpu.deep, {
      against: { what: other, samples: cpu.shallow },
      targets: [ratioAtMost(1.5)],
    }),
    figure(`${what}, \`listen --count 10\``, "ms", wall.deep, {
      against: { what: other, samples: wall.shallow },
    }),
  ];
}

function fill({ home }, count) {
  const args = ["--local", "-d", DEVICE, "--count", String(count), "--quiet"];
  return timeNode([C2D_SEND, ...args], { env: { C2D_HOME: home } });
}

/** Few enough runs that no message reaches its maximum delivery count, 10. */
function timeListen({ home }) {
  const args = ["listen", "--local", "-d", DEVICE, "--count", "10", "--quiet"];
  return timeNode([C2D_DEVICE, ...args], { env: { C2D_HOME: home } });
}
