import { UsageError } from "../../terminal/usage-error.ts";

export const EXEC_FAILURES = ["stop", "abandon", "reject"] as const;
export type OnExecFailure = (typeof EXEC_FAILURES)[number];

/** As parsed by commander; the timeout in milliseconds. */
export interface ExecFlags {
  readonly exec?: string;
  readonly onExecFailure?: OnExecFailure;
  readonly execTimeout?: number;
}

export interface ExecOptions {
  readonly command: string;
  readonly onFailure: OnExecFailure;
  readonly timeoutMs: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Undefined without a command.
 *
 * @param others Flags that decide what is printed, or what becomes of a message.
 * @throws UsageError
 */
export function toExecOptions(
  { exec, onExecFailure, execTimeout }: ExecFlags,
  transport: string,
  others: readonly string[],
): ExecOptions | undefined {
  if (exec === undefined) {
    if (onExecFailure === undefined && execTimeout === undefined) return undefined;
    const alone = onExecFailure ? "--on-exec-failure" : "--exec-timeout";
    throw new UsageError(`${alone} has no effect without --exec`, "Omit it, or add --exec.");
  }
  if (exec.trim() === "") throw new UsageError("--exec needs a command", "Such as --exec 'jq .'");
  if (process.platform === "win32") {
    throw new UsageError(
      "--exec is not supported on Windows, which has no sh",
      "Read the lines of -o json instead.",
    );
  }
  const [other] = others;
  if (other !== undefined) {
    throw new UsageError(
      `--exec and ${other} cannot be combined`,
      "The command's output is what is printed, and its exit code decides how the message is settled.",
    );
  }
  const isMqtt = transport === "mqtt" || transport === "mqtt-ws";
  if (isMqtt && onExecFailure !== undefined && onExecFailure !== "stop") {
    throw new UsageError(
      `--on-exec-failure ${onExecFailure} is not supported over ${transport}`,
      "MQTT can only complete messages. Use --transport amqp, amqp-ws or http.",
    );
  }
  const timeoutMs = execTimeout ?? DEFAULT_TIMEOUT_MS;
  return { command: exec, onFailure: onExecFailure ?? "stop", timeoutMs };
}
