/** Programs as their users run them: processes of their own, ended with the benchmark. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const running = new Set();

process.once("exit", killPrograms);

/** A script of the package, or an opponent. */
export const scriptOf = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const C2D_SEND = scriptOf("bin/c2d-send.js");
export const C2D_DEVICE = scriptOf("bin/c2d-device.js");
export const C2D_HUB = scriptOf("bin/c2d-hub.js");

/** As `spawn`, with `env` added to the environment. */
export function startProgram(command, args, { env = {}, ...options } = {}) {
  const child = spawn(command, args, { ...options, env: { ...process.env, ...env } });
  running.add(child);
  child.once("close", () => running.delete(child));
  return child;
}

/**
 * Runs Node to its end; resolves to the milliseconds from its start to its exit.
 *
 * @param {string[]} args
 * @param {{ env?: Record<string, string>, stdout?: number, exitCode?: number }} [options]
 */
export async function timeNode(args, { env, stdout = "ignore", exitCode = 0 } = {}) {
  const startMs = performance.now();
  const child = startProgram(process.execPath, args, { env, stdio: ["ignore", stdout, "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk) => {
    errors += chunk;
  });
  const exited = once(child, "exit").then(([code, signal]) => ({
    end: signal ?? code,
    elapsedMs: performance.now() - startMs,
  }));
  await once(child, "close");
  const { end, elapsedMs } = await exited;
  if (end !== exitCode) throw new Error(`${args.join(" ")} ended with ${end}: ${errors}`);
  return elapsedMs;
}

/** Kills what still runs. */
export async function endPrograms() {
  const ends = [...running].map((child) => once(child, "close"));
  killPrograms();
  await Promise.all(ends);
}

function killPrograms() {
  for (const child of running) child.kill("SIGKILL");
}
