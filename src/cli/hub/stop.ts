/** `c2d-hub stop`: ends the hub that runs for this home. */

import { setTimeout as sleep } from "node:timers/promises";
import { ClientError } from "../../client/errors/client-error.ts";
import { findHubFileDamage, type HubDescription, homePaths } from "../../hub/home/home.ts";
import { isOwned } from "../../hub/store/ownership.ts";
import { findRunningHub } from "../local/find-running-hub.ts";
import { LocalHubError } from "../local/local-hub-error.ts";
import { describeAbsence } from "../local/require-hub.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";

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
  await end(hub, home, context).finally(() => reporter.endProgress());
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "stopped", pid: hub.pid })
      : `Local hub stopped (process ${hub.pid}).\n`,
  );
  return EXIT_CODES.done;
}

async function findOwnHub(home: string, context: Context): Promise<HubDescription | undefined> {
  reportWait("Waiting for the local hub to answer ...", context);
  try {
    return await findRunningHub(home);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    throw new LocalHubError("LocalHubNotStopped", error.message, error.hint ?? "");
  } finally {
    context.reporter.endProgress();
  }
}

function reportWait(text: string, { reporter }: Context): void {
  reporter.progress(() => text);
}

/**
 * The hub has ended once its store has no owner: that it gives up last. Its process id says less:
 * where nobody reaps it, as in many containers, it stays.
 */
async function end({ pid }: HubDescription, home: string, context: Context): Promise<void> {
  reportWait(`Waiting for the local hub (process ${pid}) to end ...`, context);
  const { storeDirectory } = homePaths(home);
  const deadlineMs = performance.now() + STOP_LIMIT_MS;
  let isRunning = signal(pid, "SIGTERM");
  while (isRunning) {
    if (performance.now() > deadlineMs) {
      throw new LocalHubError(
        "LocalHubNotStopped",
        `The local hub (process ${pid}) did not end within ${STOP_LIMIT_MS} ms.`,
        `Look at its log, or end it: kill -9 ${pid}.`,
      );
    }
    await sleep(POLL_MS);
    isRunning = signal(pid, 0) && (await isOwned(storeDirectory));
  }
}

/** @returns False when there is no such process. */
function signal(pid: number, which: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, which);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
