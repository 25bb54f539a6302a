import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { MAX_TIMER_MS } from "../../async/deadline.ts";
import type { HomePaths } from "../../hub/home/home.ts";
import { packageFile } from "../../package-file.ts";
import type { StartReport } from "./start-report.ts";

export type StartOutcome =
  | StartReport
  | { readonly type: "ended"; readonly how: string }
  | { readonly type: "late" };

const EXECUTABLE = packageFile("bin/c2d-hub.js");

/** A hub that is not ready after `limitMs`, or after `signal`, may still become ready later. */
export async function startInBackground(
  paths: HomePaths,
  limitMs: number,
  signal: AbortSignal,
): Promise<StartOutcome> {
  const child = await spawnHub(paths);
  const limit = AbortSignal.timeout(Math.min(limitMs, MAX_TIMER_MS));
  try {
    return await outcomeOf(child, AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    return limit.aborted ? { type: "late" } : { type: "ended", how: messageOf(error) };
  } finally {
    child.unref();
    if (child.connected) child.disconnect();
  }
}

async function outcomeOf(child: ChildProcess, signal: AbortSignal): Promise<StartOutcome> {
  const report = await Promise.race([
    once(child, "message", { signal }).then(([message]) => message as StartReport),
    // Node closes the channel after delivering the last message.
    Promise.all([once(child, "exit"), once(child, "disconnect")]).then(() => undefined),
  ]);
  const how = `its process exited with ${child.signalCode ?? child.exitCode}`;
  return report ?? { type: "ended", how };
}

/** Detached, without our streams; a crash is written to its log. */
async function spawnHub({ directory, logFile }: HomePaths): Promise<ChildProcess> {
  const { spawn } = await import("node:child_process");
  const log = openLog(logFile);
  const args = [EXECUTABLE, "start", "--idle-exit", "2m", "--background"];
  const child = spawn(process.execPath, args, {
    detached: true,
    windowsHide: true,
    cwd: directory,
    env: { ...process.env, C2D_HOME: directory },
    stdio: ["ignore", "ignore", log ?? "ignore", "ipc"],
  });
  child.on("error", () => {});
  if (log !== undefined) closeSync(log);
  return child;
}

/** Undefined if the log cannot be written: the hub starts without it. */
function openLog(logFile: string): number | undefined {
  try {
    return openSync(logFile, "a", 0o600);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
