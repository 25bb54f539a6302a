import { setTimeout as delay } from "node:timers/promises";
import { figure, figureAtMost, spreadOf } from "../measuring/figures.mjs";
import { residentKiBOf } from "../measuring/process-figures.mjs";
import { C2D_DEVICE, startProgram } from "../measuring/programs.mjs";
import { startBusyQueue } from "../servers/busy-queue.mjs";

export const description =
  "One million messages through a hub in memory and `c2d-device listen`: how much their resident memory has grown from the second half of the first 100,000 messages to the last 100,000 (medians).";

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
  while (listen.exitCode === null) {
    const memory = { hub: residentKiBOf(hub.pid), listen: residentKiBOf(listen.pid) };
    samples.push({ messages: accepted(), ...memory });
    await delay(SAMPLING_MS);
  }
  if (listen.exitCode !== 0) throw new Error(`c2d-device listen ended with ${listen.exitCode}`);
  const early = samples.filter(({ messages }) => isBetween(messages / count, 0.05, 0.1));
  const late = samples.filter(({ messages }) => isBetween(messages / count, 0.9, 1));
  return ["hub", "listen"].flatMap((name) => {
    const [before, after] = [early, late].map((some) => memoryOf(some, name));
    return [
      figure(`${name}, after the first 100,000`, "MiB", [before]),
      figure(`${name}, at the end`, "MiB", [after]),
      figure(`${name}, growth`, "%", [(after / before - 1) * 100], {
        targets: [figureAtMost(10)],
      }),
    ];
  });
}

function memoryOf(samples, name) {
  return spreadOf(samples.map((sample) => sample[name] / 1024)).median;
}

function isBetween(value, from, to) {
  return value >= from && value < to;
}
