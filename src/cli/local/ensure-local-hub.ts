import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../async/format-duration.ts";
import { createHome, findHubFileDamage, type HubDescription } from "../../hub/home/home.ts";
import { HubStartError } from "../terminal/hub-start-error.ts";
import { type StartOutcome, startInBackground } from "./background-hub.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { LocalHubError } from "./local-hub-error.ts";

export interface EnsureOptions {
  readonly home: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  onStart(): void;
}

/** Delay before another attempt: the owner of the store is starting or stopping. */
const RETRY_MS = 250;

const LOST_RACES = new Set(["StoreInUse", "LocalHubAlreadyRunning"]);

/**
 * Of several commands that start a hub at once one gets the store, and the others find its hub.
 *
 * @throws HomeError; HubStartError with the hub's own error; LocalHubError LocalHubNotStarted;
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
    // A starting hub removes the file: this one was damaged while its hub was running.
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
