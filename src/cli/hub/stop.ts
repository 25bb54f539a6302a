import { setTimeout as sleep } from "node:timers/promises";
import { formatDuration } from "../../async/format-duration.ts";
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
import { loadHubHome } from "../local/hub-home.ts";
import { killCommand } from "../local/kill-hint.ts";
import { LocalHubError } from "../local/local-hub-error.ts";
import { describeAbsence } from "../local/require-hub.ts";
import type { CommonFlags } from "../program/common-options.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";

const STOP_LIMIT_MS = 10_000;
const POLL_MS = 30;

export async function stop(flags: CommonFlags, context: Context): Promise<ExitCode> {
  const { home } = loadHubHome(flags, context.io);
  return await runStop(home, context);
}

/** @throws LocalHubError LocalHubNotStopped; HomeError */
export async function runStop(home: string, context: Context): Promise<ExitCode> {
  const { io, flags, reporter } = context;
  const hub = await findOwnHub(home, context);
  if (hub === undefined) {
    // A hub may be running whose hub.json is damaged.
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

/** Over REST, which works on every system and does not kill a process that embeds the hub. */
async function requestEnd(hub: HubDescription): Promise<void> {
  try {
    if (!(await requestStop(hub))) terminate(hub.pid);
  } catch (error) {
    // It responded a moment ago, so it is already stopping.
    if (error instanceof ClientError && error.name === "ConnectionLost") return;
    throw notStopped(error);
  }
}

/** Checks the store, too, which is released last: in many containers nothing reaps the process. */
async function isRunning(pid: number, storeDirectory: string): Promise<boolean> {
  return isProcessAlive(pid) && (await isOwned(storeDirectory));
}

/** On Windows this kills the process; the store survives that like a crash. */
function terminate(pid: number): void {
  try {
    process.kill(pid, "SIGTERM");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return;
    throw error;
  }
}
