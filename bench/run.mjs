/**
 * Measures the commands and the hub side by side with others that do the same, and writes the
 * figures of all benchmarks to bench/results.md.
 *
 * node bench/run.mjs [name ...] [--list] [--tiny]
 */

import { parseArgs } from "node:util";
import { BENCHMARKS, describeBenchmark } from "./runner/benchmarks.mjs";
import { formatResult } from "./runner/format.mjs";
import { installOpponents } from "./runner/install-opponents.mjs";
import { runBenchmark } from "./runner/run-benchmark.mjs";
import { describeMachine, writeResults } from "./runner/write-results.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    tiny: { type: "boolean", default: false },
  },
});

const unknown = positionals.filter((name) => !BENCHMARKS.includes(name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(", ")}. Run with --list to list them.`);
  process.exitCode = 2;
} else if (values.list) {
  for (const name of BENCHMARKS) console.log(`${name.padEnd(20)}${await describeBenchmark(name)}`);
} else {
  await run(positionals.length > 0 ? positionals : BENCHMARKS);
}

async function run(names) {
  const machine = describeMachine();
  const opponents = installOpponents();
  const results = [];
  for (const name of names) {
    console.error(`${name} …`);
    const result = await runBenchmark(name, { isTiny: values.tiny, opponents });
    results.push(result);
    console.log(formatResult(result));
  }
  const failed = results.filter(({ error }) => error !== undefined);
  if (names === BENCHMARKS && !values.tiny) writeResults(machine, results);
  if (failed.length > 0) {
    console.error(`FAILED: ${failed.map(({ name }) => name).join(", ")}`);
    process.exitCode = 1;
  }
}
