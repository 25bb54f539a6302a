/** Runs one benchmark, given as JSON, and reports its figures to the parent process. */

import { setTimeout as delay } from "node:timers/promises";
import { endPrograms } from "../measuring/programs.mjs";
import { importBenchmark } from "./benchmarks.mjs";

/** A benchmark that hangs must not hold up those after it. */
const TIMEOUT_MS = { full: 30 * 60_000, tiny: 2 * 60_000 };

const { name, isTiny, opponents } = JSON.parse(process.argv[2]);

/** `size` chooses between the full and the short form; notes are printed below the figures. */
const notes = [];
const context = {
  opponents,
  size: (full, tiny) => (isTiny ? tiny : full),
  note: (text) => notes.push(text),
};

process.once("disconnect", () => process.exit(1));

const outcome = await measure();
await endPrograms();
process.send({ ...outcome, notes }, () => process.exit(outcome.error === undefined ? 0 : 1));

async function measure() {
  try {
    const benchmark = await importBenchmark(name);
    return { figures: await Promise.race([benchmark.measure(context), fail()]) };
  } catch (error) {
    console.error(error);
    return { error: String(error) };
  }
}

async function fail() {
  await delay(context.size(TIMEOUT_MS.full, TIMEOUT_MS.tiny), undefined, { ref: false });
  throw new Error("timed out");
}
