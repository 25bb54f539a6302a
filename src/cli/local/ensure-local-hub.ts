/** The hub of this home directory: the one that runs, or one started in the background. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createHome, type HubDescription } from "../../hub/home.ts";
import { EXIT_CODES } from "../exit-code.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { LocalHubError } from "./local-hub-error.ts";

export interface EnsureOptions {
  readonly home: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called once, when a hub is started. */
  onStart(): void;
}

const POLL_MS = 50;

/**
 * How long a hub that cannot have the store may be followed by another try: the one that has it is
 * starting, or on its way out.
 */
const RETRY_MS = 250;

const EXECUTABLE = fileURLToPath(new URL("../../../bin/c2d-hub.js", import.meta.url));

/**
 * Resolves once a hub answers. Of several commands that start one at the same moment, one succeeds:
 * the store lets only one process in, and the others find that one.
 *
 * @throws LocalHubError LocalHubNotStarted; ClientError ConnectTimeout for a hub that hangs.
 */
export async function ensureLocalHub(options: EnsureOptions): Promise<HubDescription> {
  const running = await findRunningHub(options.home, options);
  if (running !== undefined) return running;
  options.onStart();
  const deadlineMs = Date.now() + options.timeoutMs;
  const { logFile } = createHome(options.home);
  let child = spawnHub(options.home, logFile);
  while (Date.now() < deadlineMs) {
    await sleep(POLL_MS, undefined, { signal: options.signal });
    const started = await findRunningHub(options.home, options);
    if (started !== undefined) return started;
    if (child.exitCode === null && child.signalCode === null) continue;
    if (child.exitCode !== EXIT_CODES.refused) throw notStarted(logFile, "it ended at once");
    await sleep(RETRY_MS, undefined, { signal: options.signal });
    child = spawnHub(options.home, logFile);
  }
  throw notStarted(logFile, `it was not ready within ${options.timeoutMs} ms`);
}

/** Detached and with no stream of ours, so that nothing waits for it; a crash is told in its log. */
function spawnHub(home: string, logFile: string): ChildProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(
      process.execPath,
      [EXECUTABLE, "start", "--idle-exit", "2m", "--background"],
      {
        detached: true,
        cwd: home,
        env: { ...process.env, C2D_HOME: home },
        stdio: ["ignore", "ignore", log],
      },
    );
    child.on("error", () => {});
    child.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

function notStarted(logFile: string, why: string): LocalHubError {
  return new LocalHubError(
    "LocalHubNotStarted",
    `The local hub could not be started: ${why}.`,
    `Its log tells why: ${logFile}. Or run it in the foreground: c2d-hub start.`,
  );
}
