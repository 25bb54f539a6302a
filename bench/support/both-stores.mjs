import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trustInThisProcess } from "../../dist/hub/listener/process-trust.js";
import { spawnHub } from "./spawn-hub.mjs";

/** Measures a hub in memory and a durable one, each in a new process. */
export async function measureBothStores(devices, measure) {
  const results = [];
  for (const isInMemory of [true, false]) {
    const store = isInMemory ? "in memory" : "durable";
    results.push({ store, ...(await measureHub({ isInMemory, devices }, measure)) });
  }
  return results;
}

/** As a table for people, or one line of JSON. */
export function printResults(type, results, output) {
  if (output === "json") console.log(JSON.stringify({ type, results }));
  else console.table(Object.fromEntries(results.map(({ store, ...rest }) => [store, rest])));
}

async function measureHub(options, measure) {
  const directory = mkdtempSync(join(tmpdir(), "c2d-bench-"));
  const hub = spawnHub({ directory, ...options });
  try {
    const address = await hub.ready;
    const distrust = trustInThisProcess(address.ca);
    const figures = await measure(address);
    distrust();
    return figures;
  } finally {
    hub.kill("SIGKILL");
    await hub.exited;
    rmSync(directory, { recursive: true, force: true });
  }
}
