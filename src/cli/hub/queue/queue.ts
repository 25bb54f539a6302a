import { QUEUE_PATH } from "../../../hub/home/home.ts";
import { whileConnecting } from "../../local/connecting.ts";
import { loadHubHome } from "../../local/hub-home.ts";
import { openLines } from "../../local/hub-lines.ts";
import { requireHub } from "../../local/require-hub.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatCount } from "../../text/count.ts";
import { formatQueued, type QueuedLine } from "./queued-format.ts";

export interface QueueFlags extends CommonFlags {
  readonly deviceId?: string;
  readonly bodies?: true;
  readonly connectTimeout: number;
}

export async function queue(flags: QueueFlags, context: Context): Promise<ExitCode> {
  const { home } = loadHubHome(flags, context.io);
  return await runQueue(flags, home, context);
}

/** @throws LocalHubError LocalHubNotRunning; ClientError ConnectTimeout, DeviceNotFound. */
export async function runQueue(
  flags: QueueFlags,
  home: string,
  context: Context,
): Promise<ExitCode> {
  const { io, reporter } = context;
  const timeoutMs = flags.connectTimeout;
  const { signal } = context.interruption;
  const lines = await whileConnecting("the local hub", context, async () => {
    const hub = await requireHub(home, { timeoutMs, signal });
    const path = `${QUEUE_PATH}?${queryOf(flags)}`;
    return await openLines<QueuedLine>(hub, path, { timeoutMs, mayBeSilent: false, signal });
  });
  let count = 0;
  for await (const some of lines) {
    count += some.length;
    await io.stdout.write(some.map((line) => formatQueued(line, flags.output === "json")).join(""));
  }
  signal.throwIfAborted();
  const what =
    count === 0
      ? "No messages are"
      : `${formatCount(count, "message")} ${count === 1 ? "is" : "are"}`;
  const where = flags.deviceId === undefined ? "" : ` for ${escapeLine(flags.deviceId)}`;
  reporter.info(`${what} waiting${where}.`);
  return EXIT_CODES.done;
}

function queryOf({ deviceId, bodies }: QueueFlags): URLSearchParams {
  return new URLSearchParams({
    ...(deviceId !== undefined && { deviceId }),
    ...(bodies && { bodies: "true" }),
  });
}
