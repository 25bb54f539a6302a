/** Each benchmark has a process, an environment and a directory of its own. */

import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeBenchmark } from "./benchmarks.mjs";

const RUNNER = fileURLToPath(new URL("./benchmark-process.mjs", import.meta.url));

/**
 * Of the environment, only what programs need to run at all: above all without
 * NODE_EXTRA_CA_CERTS, which every start of Node pays for.
 */
const KEPT = ["PATH", "TMPDIR", "TEMP", "SystemRoot", "PATHEXT", "ComSpec"];

/** Resolves to `{ name, description, figures, notes, error }`. */
export async function runBenchmark(name, options) {
  const description = await describeBenchmark(name);
  const directory = mkdtempSync(join(tmpdir(), "c2d-bench-"));
  try {
    const outcome = await measureIn(directory, JSON.stringify({ name, ...options }));
    return { name, description, figures: [], notes: [], ...outcome };
  } finally {
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

function measureIn(directory, task) {
  const child = fork(RUNNER, [task], {
    cwd: directory,
    env: cleanEnvironment(directory),
    execArgv: [],
  });
  return new Promise((resolve) => {
    let outcome;
    child.once("message", (message) => {
      outcome = message;
    });
    child.once("close", (code, signal) =>
      resolve(outcome ?? { error: `the benchmark ended with ${signal ?? code}` }),
    );
  });
}

function cleanEnvironment(home) {
  const kept = KEPT.filter((key) => process.env[key] !== undefined);
  const entries = kept.map((key) => [key, process.env[key]]);
  return { ...Object.fromEntries(entries), HOME: home, USERPROFILE: home, LOCALAPPDATA: home };
}
