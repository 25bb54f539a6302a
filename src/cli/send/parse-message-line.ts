/** A line of `c2d-device listen -o json`, read back into the message it tells of. */

import { HubError } from "../../core/hub-error.ts";
import { type Message, type PropertyValue, parseAck } from "../../core/message.ts";
import { UsageError } from "../usage-error.ts";

export interface RecordedMessage {
  /** The device it came to; undefined when the line does not say. */
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

/**
 * Bytes, ids and properties as they were; what is absent stays absent. Undefined for a line of
 * another type.
 *
 * @param where Names the line, for errors.
 * @throws UsageError for what is no such line.
 */
export function parseMessageLine(text: string, where: string): RecordedMessage | undefined {
  const line = parseObject(text, where);
  if (line.type !== "message") return undefined;
  const deviceId = typeof line.deviceId === "string" ? line.deviceId : undefined;
  return {
    deviceId,
    message: {
      system: systemOf(line, where),
      properties: propertiesOf(line.properties, where),
      body: bodyOf(line, where),
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string, where: string): Fields {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return value;
  } catch {
    // Told below, with what is no object.
  }
  throw new UsageError(
    `${where}: is no JSON object`,
    "Give what c2d-device listen -o json prints.",
  );
}

function systemOf(line: Fields, where: string): Message["system"] {
  const system: Record<string, string | number> = {};
  for (const name of TEXT_FIELDS) {
    const value = line[name];
    if (value === undefined) continue;
    if (typeof value !== "string") throw wrong(where, name, "a text");
    system[name] = value;
  }
  const expiryTimeUtcMs = expiryOf(line.expiryTimeUtc, where);
  if (expiryTimeUtcMs !== undefined) system.expiryTimeUtcMs = expiryTimeUtcMs;
  const ack = ackOf(line.ack, where);
  return { ...system, ...(ack !== undefined && { ack }) };
}

function expiryOf(value: unknown, where: string): number | undefined {
  if (value === undefined) return undefined;
  const timeMs = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(timeMs)) throw wrong(where, "expiryTimeUtc", "a time in ISO 8601");
  return timeMs;
}

function ackOf(value: unknown, where: string): Message["system"]["ack"] {
  if (value === undefined) return undefined;
  try {
    return parseAck(String(value));
  } catch (error) {
    if (!(error instanceof HubError)) throw error;
    throw wrong(where, "ack", "none, positive, negative or full");
  }
}

function propertiesOf(value: unknown, where: string): Readonly<Record<string, PropertyValue>> {
  if (value === undefined) return {};
  if (!isFields(value)) throw wrong(where, "properties", "an object");
  for (const [name, property] of Object.entries(value)) {
    if (property === null || typeof property === "string") continue;
    throw wrong(where, `properties.${name}`, "a text or null");
  }
  return value as Readonly<Record<string, PropertyValue>>;
}

/** `raw` holds the bytes where the JSON value would not serialise back to them. */
function bodyOf({ body, bodyEncoding, raw }: Fields, where: string): Uint8Array {
  if (bodyEncoding === "json" && raw === undefined && body !== undefined) {
    return Buffer.from(JSON.stringify(body));
  }
  if (bodyEncoding === "json" && typeof raw === "string") return Buffer.from(raw, "base64");
  if (bodyEncoding === "utf8" && typeof body === "string") return Buffer.from(body);
  if (bodyEncoding === "base64" && typeof body === "string") return Buffer.from(body, "base64");
  throw wrong(where, "body", "what bodyEncoding (json, utf8 or base64) says");
}

function wrong(where: string, name: string, wanted: string): UsageError {
  return new UsageError(`${where}: ${name} is not ${wanted}`);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
