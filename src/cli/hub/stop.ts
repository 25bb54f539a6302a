/** `c2d-hub stop`: ends the hub that runs for this home. */

import { setTimeout as sleep } from "node:timers/promises";
import { ClientError } from "../../client/errors/client-error.ts";
import {
  findHubFileDamage,
  type HubDescription,
  homePaths,
  isProcessAlive,
} from "../../hub/home/home.ts";
import { isOwned } from "../../hub/store/ownership.ts";
import { findRunningHub } from "../local/find-running-hub.ts";
import { requestStop } from "../local/hub-api.ts";
import { killCommand } from "../local/kill-hint.ts";
import { LocalHubError } from "../local/local-hub-error.ts";
import { describeAbsence } from "../local/require-hub.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { formatDuration } from "../text/duration.ts";

const STOP_LIMIT_MS = 10_000;
const POLL_MS = 30;

/** @throws LocalHubError LocalHubNotStopped; HomeError */
export async function runStop(home: string, context: Context): Promise<ExitCode> {
  const { io, flags, reporter } = context;
  const hub = await findOwnHub(home, context);
  if (hub === undefined) {
    // There may be one that cannot be found.
    const damage = findHubFileDamage(home);
    if (damage !== undefined) throw damage;
    reporter.info(describeAbsence(home));
    return EXIT_CODES.done;
  }
  await stopHub(hub, home, context).finally(() => reporter.endProgress());
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "stopped", pid: hub.pid })
      : `Local hub stopped (process ${hub.pid}).\n`,
  );
  return EXIT_CODES.done;
}

async function findOwnHub(home: string, context: Context): Promise<HubDescription | undefined> {
  reportWait("Waiting for the local hub to respond ...", context);
  try {
    return await findRunningHub(home);
  } catch (error) {
    throw notStopped(error);
  } finally {
    context.reporter.endProgress();
  }
}

/** For a hub that does not answer; any other error as it is. */
function notStopped(error: unknown): unknown {
  if (!(error instanceof ClientError)) return error;
  return new LocalHubError("LocalHubNotStopped", error.message, error.hint ?? "");
}

function reportWait(text: string, { reporter }: Context): void {
  reporter.progress(() => text);
}

async function stopHub(hub: HubDescription, home: string, context: Context): Promise<void> {
  const { pid } = hub;
  reportWait(`Waiting for the local hub (process ${pid}) to stop ...`, context);
  await requestEnd(hub);
  const { storeDirectory } = homePaths(home);
  const deadlineMs = performance.now() + STOP_LIMIT_MS;
  while (await isRunning(pid, storeDirectory)) {
    if (performance.now() > deadlineMs) {
      throw new LocalHubError(
        "LocalHubNotStopped",
        `The local hub (process ${pid}) did not stop within ${formatDuration(STOP_LIMIT_MS)}.`,
        `See its log, or kill it: ${killCommand(pid)}.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Over REST, which works on every system and leaves it to the hub how its process goes on. */
async function requestEnd(hub: HubDescription): Promise<void> {
  try {
    if (!(await requestStop(hub))) terminate(hub.pid);
  } catch (error) {
    // It has just answered: now it is ending already.
    if (error instanceof ClientError && error.name === "ConnectionLost") return;
    throw notStopped(error);
  }
}

/**
 * The hub has ended once its store has no owner: that it gives up last. Its process id says less:
 * where nobody reaps it, as in many containers, it stays.
 */
async function isRunning(pid: number, storeDirectory: string): Promise<boolean> {
  return isProcessAlive(pid) && (await isOwned(storeDirectory));
}

/** On Windows it ends at once: its store bears that, as it does a crash. */
function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
    throw error;
  }
}
