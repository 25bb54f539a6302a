/** The hub of this home directory: the one that runs, or one started in the background. */

import { setTimeout as sleep } from "node:timers/promises";
import { createHome, findHubFileDamage, type HubDescription } from "../../hub/home/home.ts";
import { HubStartError } from "../terminal/hub-start-error.ts";
import { formatDuration } from "../text/duration.ts";
import { type StartOutcome, startInBackground } from "./background-hub.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { LocalHubError } from "./local-hub-error.ts";

export interface EnsureOptions {
  readonly home: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Called once, when a hub is started. */
  onStart(): void;
}

/**
 * How long a hub that cannot have the store may be followed by another try: the one that has it is
 * starting, or on its way out.
 */
const RETRY_MS = 250;

/** Errors of a hub that finds another one in its place. */
const LOST_RACES = new Set(["StoreInUse", "LocalHubAlreadyRunning"]);

/**
 * Resolves once a hub answers. Of several commands that start one at the same moment, one succeeds:
 * the store lets only one process in, and the others find that one. Any other failure ends the wait.
 *
 * @throws HomeError; HubStartError with what the hub says; LocalHubError LocalHubNotStarted;
 * ClientError ConnectTimeout for a hub that hangs.
 */
export async function ensureLocalHub(options: EnsureOptions): Promise<HubDescription> {
  const { home, timeoutMs, signal } = options;
  const running = await findRunningHub(home, options);
  if (running !== undefined) return running;
  const paths = createHome(home);
  options.onStart();
  const deadlineMs = Date.now() + timeoutMs;
  for (let lostRace: HubStartError | undefined; ; ) {
    const outcome = await startInBackground(paths, Math.max(0, deadlineMs - Date.now()), signal);
    const started = await findRunningHub(home, options);
    if (started !== undefined) return started;
    if (outcome.type !== "failed") {
      throw lostRace ?? notStarted(paths.logFile, describeEnd(outcome, timeoutMs));
    }
    lostRace = new HubStartError(outcome.error);
    if (!LOST_RACES.has(lostRace.name) || Date.now() > deadlineMs) throw lostRace;
    await sleep(RETRY_MS, undefined, { signal });
    // A hub that starts takes the file away: this one was damaged while its hub was running.
    const damage = findHubFileDamage(home);
    if (damage !== undefined) throw damage;
  }
}

function describeEnd(
  outcome: Exclude<StartOutcome, { type: "failed" }>,
  timeoutMs: number,
): string {
  if (outcome.type === "ended") return outcome.how;
  return outcome.type === "late"
    ? `it was not ready within ${formatDuration(timeoutMs)}`
    : "it exited right after starting";
}

function notStarted(logFile: string, why: string): LocalHubError {
  return new LocalHubError(
    "LocalHubNotStarted",
    `The local hub could not be started: ${why}.`,
    `See its log: ${logFile}. Or run it in the foreground: c2d-hub start.`,
  );
}
