import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { residentKiBOf } from "./process-figures.mjs";

const PRELOADED = fileURLToPath(new URL("../servers/collect-garbage.cjs", import.meta.url));

/** Arguments for Node, of the process that is measured. */
export const COLLECTING = ["--expose-gc", "--require", PRELOADED];

/** V8 gives memory back some time after a collection. */
const SETTLING_MS = 1000;

/** V8 gives back the young generation that connecting has filled only after seconds of little use. */
const IDLE_MS = 6000;

/** The resident memory of an idle process without its garbage. */
export async function settledKiBOf(pid) {
  await delay(IDLE_MS);
  let before;
  let now = residentKiBOf(pid);
  do {
    before = now;
    process.kill(pid, "SIGUSR2");
    await delay(SETTLING_MS);
    now = residentKiBOf(pid);
  } while (now < before * 0.99);
  return now;
}
