/** `c2d-hub start`, as its users start it: on any free port, with its event lines read. */

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { cpuMsOf } from "../measuring/process-figures.mjs";
import { C2D_HUB, startProgram } from "../measuring/programs.mjs";
import { readAddress } from "./hub-address.mjs";

export const IN_MEMORY = ["--in-memory"];
export const DURABLE = [];

/** The flags that create these devices. */
export const withDevices = (ids) => ids.flatMap((id) => ["--device", id]);

/**
 * Resolves once the hub is ready.
 *
 * @param {string[]} args of `c2d-hub start`
 * @param {{ home?: string, nodeArgs?: string[], onOutput?: (chunk: Buffer) => void }} [options]
 */
export async function startHub(args, { home = newHome(), nodeArgs = [], onOutput } = {}) {
  const startMs = performance.now();
  const command = [...nodeArgs, C2D_HUB, "start", "--port", "0", ...args];
  const child = startProgram(process.execPath, command, {
    env: { C2D_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  await waitUntilReady(child);
  const readyMs = performance.now() - startMs;
  child.stdout.on("data", onOutput ?? (() => {}));
  const address = readAddress(home);
  return {
    ...address,
    home,
    pid: child.pid,
    readyMs,
    cpuMs: () => cpuMsOf(child.pid),
    /** For programs of other SDKs, which have no option for the hub's CA. */
    sdkEnvironment: {
      IOTHUB_CONNECTION_STRING: address.connectionString,
      EVENTHUB_CONNECTION_STRING: address.eventHubConnectionString,
      NODE_EXTRA_CA_CERTS: join(home, "ca.pem"),
    },
    /** For the commands. */
    environment: {
      C2D_HOME: home,
      IOTHUB_CONNECTION_STRING: address.connectionString,
      IOTHUB_CA_FILE: join(home, "ca.pem"),
    },
    stop: () => endGracefully(child),
  };
}

export function newHome() {
  return mkdtempSync(join(process.cwd(), "home-"));
}

function waitUntilReady(child) {
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  return new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.once("close", () => reject(new Error(`the hub has not started: ${errors}`)));
  });
}

function endGracefully(child) {
  return new Promise((resolve) => {
    child.once("close", resolve);
    child.kill("SIGTERM");
  });
}
