import type { Ack } from "../../core/message.ts";
import {
  type BodyPlan,
  type MessageDefaults,
  type MessagePlan,
  planMessage,
} from "../message/message-plan.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { type Expiry, parseExpiry } from "./expiry.ts";
import type { SendFlags } from "./send-flags.ts";

export interface RunOptions {
  /** Undefined if each message specifies its own. */
  readonly ack: Ack | undefined;
  readonly intervalMs: number;
  readonly connectTimeoutMs: number;
  /** For feedback and for a full queue; 0 is unbounded. */
  readonly timeoutMs: number;
  readonly isWaiting: boolean;
  readonly isDryRun: boolean;
  readonly onQueueFull: "wait" | "fail";
}

export interface SendOptions {
  readonly message: CloudToDevicePlan;
  readonly count: number;
  /** The default body needs no check. */
  readonly isBodyChecked: boolean;
  readonly warnings: readonly string[];
}

export interface CloudToDevicePlan extends MessagePlan {
  readonly expiry?: Expiry;
  readonly ack: Ack;
}

/** The tutorial's body. */
export const DEFAULT_BODY = '{"service client sent a message": {{windSpeed}}}';
const DEFAULTS: MessageDefaults = {
  body: DEFAULT_BODY,
  properties: { testProperty: "PropMsg_{{n}}" },
};

/** @throws UsageError for conflicting flags. */
export function toSendOptions(
  flags: SendFlags,
  body: BodyPlan | undefined,
  nowMs: number,
): SendOptions {
  const planned = planMessage(flags, body, DEFAULTS);
  return {
    ...planned,
    message: {
      ...planned.message,
      ...(flags.expiry !== undefined && { expiry: parseExpiry(flags.expiry, nowMs) }),
      ack: ackOf(flags),
    },
    count: flags.count ?? 1,
  };
}

/** @throws UsageError for `--wait` with `--ack none`. */
export function toRunOptions(flags: SendFlags): RunOptions {
  return {
    ack: flags.from === undefined || flags.ack || flags.wait ? ackOf(flags) : undefined,
    intervalMs: flags.interval,
    connectTimeoutMs: flags.connectTimeout,
    timeoutMs: flags.timeout,
    isWaiting: flags.wait === true,
    isDryRun: flags.dryRun === true,
    onQueueFull: flags.onQueueFull,
  };
}

const MESSAGE_FLAGS = [
  ["data", "--data"],
  ["dataFilePath", "--data-file-path"],
  ["dataEncoding", "--data-encoding"],
  ["messageId", "--message-id"],
  ["correlationId", "--correlation-id"],
  ["userId", "--user-id"],
  ["contentType", "--content-type"],
  ["contentEncoding", "--content-encoding"],
  ["expiry", "--expiry"],
  ["property", "--property"],
  ["properties", "--properties"],
  ["template", "--template and --no-template"],
  ["count", "--count"],
] as const satisfies [keyof SendFlags, string][];

/** @throws UsageError without a device, or for a flag that describes a message: the input does. */
export function validateFrom(flags: SendFlags): void {
  if (flags.deviceId === undefined && flags.deviceFile === undefined) {
    throw new UsageError("--from requires a device to send to", "Specify it with -d <device>.");
  }
  const given = MESSAGE_FLAGS.find(([key]) => flags[key] !== undefined);
  if (given === undefined) return;
  throw new UsageError(
    `${given[1]} cannot be combined with --from, which sends messages unchanged`,
    "Keep one of the two.",
  );
}

function ackOf({ ack, wait }: SendFlags): Ack {
  if (!wait) return ack ?? "none";
  if (ack === "none") {
    throw new UsageError(
      "--wait waits for feedback, but --ack none requests none",
      "Omit --ack, or use positive, negative or full.",
    );
  }
  return ack ?? "full";
}
