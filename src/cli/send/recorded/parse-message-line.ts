/** Parses a line of `c2d-device listen -o json` back into its message. */

import { parseEncodedBytes } from "../../../core/encodings.ts";
import { HubError } from "../../../core/hub-error.ts";
import { type Message, type PropertyValue, parseAck } from "../../../core/message.ts";
import { decodeUtf8 } from "../../text/body-text.ts";

export interface RecordedMessage {
  readonly deviceId: string | undefined;
  readonly message: Message;
}

const TEXT_FIELDS = [
  "messageId",
  "correlationId",
  "userId",
  "contentType",
  "contentEncoding",
] as const;

/** Other lines that the tools print with `-o json`. */
const OTHER_TYPES: ReadonlySet<unknown> = new Set([
  ...["ready", "telemetry", "unconfirmed", "sent", "failed", "feedback", "summary", "error"],
  ...["event", "gap", "device", "purge", "hub", "env", "stopped", "queued"],
]);

/** An invalid line; its message follows "line 7". */
export class LineError extends Error {}

/**
 * Absent fields stay absent. Undefined for a blank line and for a line of another type.
 *
 * @param bytes Undefined if the line is too long.
 * @throws LineError for an invalid line.
 */
export function parseMessageLine(bytes: Uint8Array | undefined): RecordedMessage | undefined {
  if (bytes === undefined) throw new LineError("is longer than any message");
  const text = decodeUtf8(bytes);
  if (text === undefined) throw new LineError("is not UTF-8 text");
  if (text.trim() === "") return undefined;
  const line = parseObject(text);
  if (OTHER_TYPES.has(line.type)) return undefined;
  if (line.type !== "message") throw new LineError("has an unknown type");
  const deviceId = typeof line.deviceId === "string" ? line.deviceId : undefined;
  return {
    deviceId,
    message: {
      system: systemOf(line),
      properties: propertiesOf(line.properties),
      body: bodyOf(line),
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch {
    // Reported below, like any other value that is not an object.
  }
  throw new LineError("is not a JSON object");
}

function systemOf(line: Fields): Message["system"] {
  const system: Record<string, string | number> = {};
  for (const name of TEXT_FIELDS) {
    const value = line[name];
    if (value === undefined) continue;
    if (typeof value !== "string") throw wrong(name, "a string");
    system[name] = value;
  }
  const expiryTimeUtcMs = expiryOf(line.expiryTimeUtc);
  if (expiryTimeUtcMs !== undefined) system.expiryTimeUtcMs = expiryTimeUtcMs;
  const ack = ackOf(line.ack);
  return { ...system, ...(ack !== undefined && { ack }) };
}

function expiryOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const timeMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(timeMs)) throw wrong("expiryTimeUtc", "a time in ISO 8601");
  return timeMs;
}

function ackOf(value: unknown): Message["system"]["ack"] {
  if (value === undefined) return undefined;
  try {
    return parseAck(String(value));
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw wrong("ack", "none, positive, negative or full");
  }
}

function propertiesOf(value: unknown): Readonly<Record<string, PropertyValue>> {
  if (value === undefined) return {};
  if (!isFields(value)) throw wrong("properties", "an object");
  for (const [name, property] of Object.entries(value)) {
    if (property === null || typeof property === "string") continue;
    throw wrong(`properties.${name}`, "a string or null");
  }
  return value as Readonly<Record<string, PropertyValue>>;
}

/** `raw` contains the bytes if the JSON value does not serialise back to them. */
function bodyOf({ body, bodyEncoding, raw }: Fields): Uint8Array {
  if (bodyEncoding === "json" && raw === undefined && body !== undefined) {
    return Buffer.from(JSON.stringify(body));
  }
  if (bodyEncoding === "utf8" && typeof body === "string") return Buffer.from(body);
  const encoded = bodyEncoding === "json" ? raw : bodyEncoding === "base64" ? body : undefined;
  const bytes = typeof encoded === "string" ? parseEncodedBytes(encoded, "base64") : undefined;
  if (bytes !== undefined) return bytes;
  throw wrong("body", "valid for its bodyEncoding (json, utf8 or base64)");
}

function wrong(name: string, wanted: string): LineError {
  return new LineError(`has a ${name} that is not ${wanted}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
