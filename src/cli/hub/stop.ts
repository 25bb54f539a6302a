/** `c2d-hub stop`: ends the hub that runs for this home. */

import { setTimeout as sleep } from "node:timers/promises";
import { findRunningHub, type HubDescription } from "../../hub/home.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { formatJsonLine } from "../json-line.ts";
import { identifyHub } from "../local/hub-api.ts";
import { LocalHubError } from "../local/local-hub-error.ts";
import type { Context } from "../run-program.ts";

const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;

/** @throws LocalHubError LocalHubNotStopped */
export async function runStop(home: string, context: Context): Promise<ExitCode> {
  const { io, flags, reporter } = context;
  const hub = await findOwnHub(home, context);
  if (hub === undefined) {
    reporter.info(`No local hub is running for ${home}.`);
    return EXIT_CODES.done;
  }
  process.kill(hub.pid, "SIGTERM");
  await untilGone(hub, context).finally(() => reporter.endProgress());
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "stopped", pid: hub.pid })
      : `Local hub stopped (process ${hub.pid}).\n`,
  );
  return EXIT_CODES.done;
}

/** Behind a stale hub.json there may be another program by now, with that process id and port. */
async function findOwnHub(home: string, context: Context): Promise<HubDescription | undefined> {
  const hub = await findRunningHub(home);
  if (hub === undefined) return undefined;
  tellWait(`Waiting for the local hub (process ${hub.pid}) to answer ...`, context);
  const whose = await identifyHub(hub).finally(() => context.reporter.endProgress());
  if (whose !== "silent") return whose === "own" ? hub : undefined;
  throw new LocalHubError(
    "LocalHubNotStopped",
    `The local hub (process ${hub.pid}) hangs: it takes connections, and does not answer.`,
    `See that the process is c2d-hub (ps -p ${hub.pid}), and end it: kill -9 ${hub.pid}.`,
  );
}

function tellWait(text: string, { reporter }: Context): void {
  reporter.progress(() => text);
}

async function untilGone({ pid }: HubDescription, context: Context): Promise<void> {
  tellWait(`Waiting for the local hub (process ${pid}) to end ...`, context);
  const deadlineMs = Date.now() + STOP_LIMIT_MS;
  while (isAlive(pid)) {
    if (Date.now() > deadlineMs) {
      throw new LocalHubError(
        "LocalHubNotStopped",
        `The local hub (process ${pid}) did not end within ${STOP_LIMIT_MS} ms.`,
        `Look at its log, or end it: kill -9 ${pid}.`,
      );
    }
    await sleep(POLL_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
