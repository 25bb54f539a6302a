import { setTimeout as delay } from "node:timers/promises";
import { figure, ratioAtMost, spreadOf } from "../measuring/figures.mjs";
import { residentKiBOf } from "../measuring/process-figures.mjs";
import { C2D_DEVICE, startProgram } from "../measuring/programs.mjs";
import { startBusyQueue } from "../servers/busy-queue.mjs";

export const description =
  "One million messages through a hub in memory and `c2d-device listen`: their resident memory (medians over the messages named).";

const DEVICE = "device1";
const SAMPLING_MS = 100;

export async function measure({ size }) {
  const count = size(1_000_000, 5000);
  const { hub, accepted } = await startBusyQueue(DEVICE);
  const args = ["listen", "--local", "-d", DEVICE, "--count", String(count), "-o", "json"];
  const listen = startProgram(process.execPath, [C2D_DEVICE, ...args], {
    env: { C2D_HOME: hub.home },
    stdio: ["ignore", "ignore", "ignore"],
  });
  const samples = [];
  while (listen.exitCode === null && listen.signalCode === null) {
    const memory = { hub: residentKiBOf(hub.pid), listen: residentKiBOf(listen.pid) };
    samples.push({ messages: accepted(), ...memory });
    await delay(SAMPLING_MS);
  }
  if (listen.exitCode !== 0)
    throw new Error(`c2d-device listen ended with ${listen.exitCode ?? listen.signalCode}`);
  const early = samples.filter(({ messages }) => isBetween(messages / count, 0.05, 0.1));
  const late = samples.filter(({ messages }) => isBetween(messages / count, 0.9, 1));
  return ["hub", "listen"].map((name) =>
    figure(`${name}, last 100,000`, "MiB", [memoryOf(late, name)], {
      against: { what: "first 100,000, second half", samples: [memoryOf(early, name)] },
      targets: [ratioAtMost(1.1)],
    }),
  );
}

function memoryOf(samples, name) {
  return spreadOf(samples.map((sample) => sample[name] / 1024)).median;
}

function isBetween(value, from, to) {
  return value >= from && value < to;
}
