/** What `c2d-send` is to do: its flags, checked against one another. */

import type { Ack } from "../../core/message.ts";
import { findUnknownPlaceholder, PLACEHOLDERS } from "../templates.ts";
import { UsageError } from "../usage-error.ts";
import { type Expiry, parseExpiry } from "./expiry.ts";
import { type Properties, parseProperties } from "./property-flags.ts";
import type { SendFlags } from "./send-flags.ts";

/** How a run goes, whatever its messages are. */
export interface RunOptions {
  /** The feedback that is asked for; undefined when each message says so itself. */
  readonly ack: Ack | undefined;
  readonly intervalMs: number;
  readonly connectTimeoutMs: number;
  /** For feedback and for a full queue; 0 is unbounded. */
  readonly timeoutMs: number;
  readonly isWaiting: boolean;
  readonly isDryRun: boolean;
  readonly onQueueFull: "wait" | "fail";
}

/** What is sent by a run whose messages the command line describes. */
export interface SendOptions {
  readonly message: MessagePlan;
  readonly count: number;
  /** Whether the body must be what its content type says: the default one is known to be. */
  readonly isBodyChecked: boolean;
  /** For the user, before anything is sent. */
  readonly warnings: readonly string[];
}

/** What all messages of a run have in common; texts still hold their placeholders. */
export interface MessagePlan {
  readonly body: BodyPlan;
  /** Whether placeholders are filled in ids and properties. */
  readonly isTemplate: boolean;
  readonly messageId: string;
  readonly correlationId: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly expiry?: Expiry;
  readonly ack: Ack;
  readonly properties: Properties;
}

export type BodyPlan =
  | { readonly type: "text"; readonly text: string; readonly isTemplate: boolean }
  | { readonly type: "bytes"; readonly bytes: Uint8Array };

/** Where `--data` and its kin say the body is. */
export type BodySource =
  | { readonly type: "default" }
  | { readonly type: "text"; readonly text: string; readonly encoding: "utf8" | "hex" | "base64" }
  | { readonly type: "stdin"; readonly encoding: "utf8" | "hex" | "base64" }
  | { readonly type: "file"; readonly path: string };

/** The tutorial's. */
export const DEFAULT_BODY = '{"service client sent a message": {{windSpeed}}}';
export const DEFAULT_MESSAGE_ID = "message_{{n}}_{{run}}";
export const DEFAULT_CORRELATION_ID = "correlation_{{n}}_{{run}}";
const DEFAULT_PROPERTIES: Properties = { testProperty: "PropMsg_{{n}}" };

/** @throws UsageError for flags that contradict one another. */
export function bodySourceOf({
  data,
  dataFilePath,
  dataEncoding,
  template,
}: SendFlags): BodySource {
  const encoding = dataEncoding ?? "utf8";
  if (data !== undefined && dataFilePath !== undefined) {
    throw new UsageError("--data and --data-file-path both give a body", "Keep one of the two.");
  }
  if (dataEncoding !== undefined && data === undefined) {
    throw new UsageError("--data-encoding says how --data is to be read, and there is none");
  }
  if (template && (data === undefined || encoding !== "utf8")) {
    throw new UsageError("--template fills in the text of --data, and there is none");
  }
  if (dataFilePath !== undefined) return { type: "file", path: dataFilePath };
  if (data === "-") return { type: "stdin", encoding };
  return data === undefined ? { type: "default" } : { type: "text", text: data, encoding };
}

/**
 * @param body The body `bodySourceOf` named; undefined for the default one.
 * @throws UsageError for flags that contradict one another.
 */
export function toSendOptions(
  flags: SendFlags,
  body: BodyPlan | undefined,
  nowMs: number,
): SendOptions {
  const { properties, warnings } = parseProperties(flags.property, flags.properties);
  const isTemplate = flags.template !== false;
  const message: MessagePlan = {
    ...(body === undefined ? defaultBody(isTemplate) : givenBody(body)),
    isTemplate,
    messageId: flags.messageId ?? DEFAULT_MESSAGE_ID,
    correlationId: flags.correlationId ?? DEFAULT_CORRELATION_ID,
    ...(flags.userId !== undefined && { userId: flags.userId }),
    ...(flags.contentType !== undefined && { contentType: flags.contentType }),
    ...(flags.contentEncoding !== undefined && { contentEncoding: flags.contentEncoding }),
    ...(flags.expiry !== undefined && { expiry: parseExpiry(flags.expiry, nowMs) }),
    ack: ackOf(flags),
    properties:
      body === undefined && flags.property === undefined && flags.properties === undefined
        ? DEFAULT_PROPERTIES
        : properties,
  };
  requireKnownPlaceholders(message);
  return {
    message,
    count: flags.count,
    isBodyChecked: body !== undefined || flags.contentType !== undefined,
    warnings,
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

const DESCRIBING = [
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
] as const satisfies [keyof SendFlags, string][];

/**
 * With `--from` the lines say what is sent, and the command line to whom.
 *
 * @throws UsageError
 */
export function requireSoundFrom(flags: SendFlags): void {
  if (flags.deviceId === undefined && flags.deviceFile === undefined) {
    throw new UsageError("--from needs the device to send to", "Name it: -d <device>.");
  }
  const given = DESCRIBING.find(([key]) => flags[key] !== undefined);
  const name = given?.[1] ?? (flags.count > 1 ? "--count" : undefined);
  if (name === undefined) return;
  throw new UsageError(
    `${name} describes messages, and those of --from are sent as they were`,
    "Keep one of the two.",
  );
}

type BodyDefaults = Pick<MessagePlan, "body" | "contentType" | "contentEncoding">;

function defaultBody(isTemplate: boolean): BodyDefaults {
  return {
    body: { type: "text", text: DEFAULT_BODY, isTemplate },
    contentType: "application/json",
    contentEncoding: "utf-8",
  };
}

function givenBody(body: BodyPlan): BodyDefaults {
  return body.type === "text" ? { body, contentEncoding: "utf-8" } : { body };
}

function ackOf({ ack, wait }: SendFlags): Ack {
  if (!wait) return ack ?? "none";
  if (ack === "none") {
    throw new UsageError(
      "--wait waits for feedback, and --ack none asks for none",
      "Leave --ack away, or ask for positive, negative or full.",
    );
  }
  return ack ?? "full";
}

function requireKnownPlaceholders({ isTemplate, body, ...plan }: MessagePlan): void {
  const texts = isTemplate
    ? [plan.messageId, plan.correlationId, plan.userId, ...Object.values(plan.properties)]
    : [];
  if (body.type === "text" && body.isTemplate) texts.push(body.text);
  for (const text of texts) {
    const unknown = findUnknownPlaceholder(text ?? "");
    if (unknown === undefined) continue;
    throw new UsageError(
      `${unknown} is not a placeholder`,
      `There are {{${PLACEHOLDERS.join("}}, {{")}}}; --no-template takes texts as they are.`,
    );
  }
}
