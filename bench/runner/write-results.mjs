import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findMosquitto, mosquittoVersion } from "../servers/mosquitto.mjs";
import { formatResult } from "./format.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const FILE = join(ROOT, "bench", "results.md");

/** Those of the project whose versions the figures depend on. */
const PACKAGES = [
  "azure-iothub",
  "azure-iot-device-mqtt",
  "@azure/event-hubs",
  "rhea",
  "mqtt",
  "classic-level",
];

/** Before anything is measured. */
export function describeMachine() {
  const processors = cpus();
  const [load] = loadavg();
  return [
    `Date: ${new Date().toISOString().slice(0, 10)}`,
    `Machine: ${processors.length} cores, ${processors[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB of memory, ${process.platform} ${process.arch}`,
    `Load average at the start: ${load.toFixed(1)}`,
    `Node.js ${process.version}, OpenSSL ${process.versions.openssl}`,
    `SDKs and libraries: ${PACKAGES.map((name) => `${name} ${versionIn("package-lock.json", name)}`).join(", ")}`,
    `Opponents: aedes ${versionIn("bench/opponents/package-lock.json", "aedes")}, mosquitto ${mosquitto()}`,
  ];
}

export function writeResults(machine, results) {
  const head = [
    "# Benchmark results",
    "",
    "Written by `npm run bench`. Each row was measured in turn with its opponent, in one run on one",
    "machine; the ratio is the median of the ratios of the pairs. Every process has an environment",
    "without `NODE_EXTRA_CA_CERTS`, but for those with azure-iothub or @azure/event-hubs: they have",
    "no other option for the certificate of the hub.",
    "",
    ...machine.map((line) => `- ${line}`),
    "",
  ];
  writeFileSync(FILE, `${head.join("\n")}\n${results.map(formatResult).join("\n")}`);
  console.error(`Written: ${FILE}`);
}

function versionIn(lockFile, name) {
  const { packages } = JSON.parse(readFileSync(join(ROOT, lockFile), "utf8"));
  return packages[`node_modules/${name}`]?.version ?? "not installed";
}

function mosquitto() {
  const path = findMosquitto();
  return path === undefined ? "not installed" : mosquittoVersion(path);
}
