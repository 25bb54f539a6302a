/** `c2d-hub stop`: ends the hub that runs for this home. */

import { setTimeout as sleep } from "node:timers/promises";
import { findRunningHub, type HubDescription } from "../../hub/home.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { formatJsonLine } from "../json-line.ts";
import { isOwnHub } from "../local/hub-api.ts";
import { LocalHubError } from "../local/local-hub-error.ts";
import type { Context } from "../run-program.ts";

const STOP_LIMIT_MS = 10_000;
const POLL_MS = 50;

export async function runStop(home: string, { io, flags, reporter }: Context): Promise<ExitCode> {
  const hub = await findRunningHub(home);
  // Behind a stale hub.json there may be another program by now, with that process id and port.
  if (hub === undefined || !(await isOwnHub(hub))) {
    reporter.info(`No local hub is running for ${home}.`);
    return EXIT_CODES.done;
  }
  process.kill(hub.pid, "SIGTERM");
  await untilGone(hub);
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ type: "stopped", pid: hub.pid })
      : `Local hub stopped (process ${hub.pid}).\n`,
  );
  return EXIT_CODES.done;
}

async function untilGone({ pid }: HubDescription): Promise<void> {
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
