/** In the order of the report. Each is a file that exports `description` and `measure`. */
export const BENCHMARKS = [
  "start-up",
  "one-send",
  "hub-start-stop",
  "send-many",
  "send-many-delayed",
  "listen",
  "hub-cpu",
  "hub-cpu-durable",
  "latency",
  "telemetry",
  "connected-devices",
  "open-page",
  "idle-memory",
  "deep-queue",
  "million",
  "library-start",
  "install-size",
];

export function importBenchmark(name) {
  return import(new URL(`../benchmarks/${name}.mjs`, import.meta.url).href);
}

export async function describeBenchmark(name) {
  return (await importBenchmark(name)).description;
}
