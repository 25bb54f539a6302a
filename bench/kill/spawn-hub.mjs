/** A hub in a process of its own, so that it can be killed and shares no thread with its clients. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readAddress } from "../servers/hub-address.mjs";

const COMMAND = fileURLToPath(new URL("../../bin/c2d-hub.js", import.meta.url));

/** As users start it. */
export function spawnHub(directory) {
  const args = [COMMAND, "start", "--port", "0", "--feedback-interval", "50ms", "-o", "json"];
  const env = { ...process.env, C2D_HOME: directory };
  const stdio = ["ignore", "pipe", "pipe"];
  return watch(spawn(process.execPath, args, { stdio, env }), directory);
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
