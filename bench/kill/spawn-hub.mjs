/** A hub in a process of its own, so that it can be killed and shares no thread with its clients. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readAddress } from "../servers/hub-address.mjs";

const RUNNER = fileURLToPath(new URL("./hub-process.mjs", import.meta.url));
const COMMAND = fileURLToPath(new URL("../../bin/c2d-hub.js", import.meta.url));

/** With the library; `options` are those of `startHomeHub`. */
export function spawnHub(options) {
  const all = { ports: [0], feedbackIntervalMs: 50, ...options };
  return watch(spawn(process.execPath, [RUNNER, JSON.stringify(all)], stdio()), options.directory);
}

/** With the command, as users start it. */
export function spawnHubCommand(directory) {
  const args = [COMMAND, "start", "--port", "0", "--feedback-interval", "50ms", "-o", "json"];
  const env = { ...process.env, C2D_HOME: directory };
  return watch(spawn(process.execPath, args, { ...stdio(), env }), directory);
}

function stdio() {
  return { stdio: ["ignore", "pipe", "pipe"] };
}

/** `ready` is undefined when the process ended before it was ready. */
function watch(child, directory) {
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, "close").then(([code, signal]) => ({ code, signal, errors }));
  const isReady = once(lines, "line").then(() => readAddress(directory));
  return {
    ready: Promise.race([isReady, exited.then(() => undefined)]),
    exited,
    kill: (signal) => child.kill(signal),
  };
}
