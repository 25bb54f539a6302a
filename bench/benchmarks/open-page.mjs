import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { openC2dPath } from "../clients/c2d-path.mjs";
import { deviceIds } from "../clients/connect-all.mjs";
import { openPageStream } from "../clients/page-stream.mjs";
import { figure, ratioAtMost } from "../measuring/figures.mjs";
import { measureInTurn } from "../measuring/in-turn.mjs";
import { C2D_HUB, startProgram } from "../measuring/programs.mjs";
import { IN_MEMORY, startHub, withDevices } from "../servers/hub.mjs";

export const description =
  "The CPU time of a hub in memory with 5,000 devices connected, at 10,000 events a second (each message is enqueued, delivered and settled): with its page open, and without.";

const EVENTS_PER_MESSAGE = 3;
const EVENTS_PER_SECOND = 10_000;
const SLICE_MS = 50;

export async function measure({ size }) {
  const ids = deviceIds(size(5000, 50));
  const hub = await startHub([...IN_MEMORY, "--ui-port", "0", ...withDevices(ids)]);
  const path = await openC2dPath(hub, { ids, window: 1024 });
  const url = await addressOfPage(hub);
  const seconds = size(5, 1);
  const cpuPerMessage = () => runPaced(hub, path, seconds);
  const withPage = async () => {
    const page = await openPageStream(url);
    const cpu = await cpuPerMessage();
    page.close();
    return cpu;
  };
  const options = { rounds: size(7, 1), warmUps: size(1, 0) };
  const samples = await measureInTurn(options, { closed: cpuPerMessage, open: withPage });
  path.close();
  return [
    figure("its page open", "µs", samples.open, {
      against: { what: "no page open", samples: samples.closed },
      targets: [ratioAtMost(1.1)],
    }),
  ];
}

/** A slice that took too long is not made up for. */
async function runPaced(hub, path, seconds) {
  const perSlice = Math.round((EVENTS_PER_SECOND * SLICE_MS) / 1000 / EVENTS_PER_MESSAGE);
  const slices = (seconds * 1000) / SLICE_MS;
  const beforeMs = hub.cpuMs();
  for (let slice = 0; slice < slices; slice++) {
    await Promise.all([path.run(perSlice), delay(SLICE_MS)]);
  }
  return ((hub.cpuMs() - beforeMs) * 1000) / (slices * perSlice);
}

async function addressOfPage({ home }) {
  const command = [C2D_HUB, "ui", "--no-open"];
  const program = startProgram(process.execPath, command, {
    env: { C2D_HOME: home },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = await once(program.stdout, "data");
  return output.toString().trim();
}
