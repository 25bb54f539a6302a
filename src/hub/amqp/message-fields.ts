import type { Message as AmqpMessage } from "rhea";
import { HubError } from "../../core/hub-error.ts";
import type { IdType, SystemProperties } from "../../core/message.ts";
import { readId, writeId } from "./ids.ts";

const DATA_SECTION = 0x75;

/** A body as rhea decodes it: one or more data sections, or a plain value. */
interface DataSection {
  readonly typecode: number;
  readonly content: Buffer | readonly Buffer[];
}

/** Without the address. */
export function toProperties(system: SystemProperties): Partial<AmqpMessage> {
  const { messageId, correlationId, contentType, contentEncoding, expiryTimeUtcMs } = system;
  // Spreading what is there would take several times as long.
  const amqp: Partial<AmqpMessage> = {};
  if (messageId !== undefined) amqp.message_id = toId(messageId, system.messageIdType);
  if (correlationId !== undefined) {
    amqp.correlation_id = toId(correlationId, system.correlationIdType);
  }
  if (system.userId !== undefined) amqp.user_id = toUserId(system.userId);
  if (contentType !== undefined) amqp.content_type = contentType;
  if (contentEncoding !== undefined) amqp.content_encoding = contentEncoding;
  if (expiryTimeUtcMs !== undefined) amqp.absolute_expiry_time = new Date(expiryTimeUtcMs);
  return amqp;
}

export function readSystemProperties(amqp: AmqpMessage): SystemProperties {
  const { to, user_id, content_type, content_encoding, absolute_expiry_time } = amqp;
  const system: { -readonly [K in keyof SystemProperties]: SystemProperties[K] } = {};
  if (to != null) system.to = to;
  if (amqp.message_id != null) {
    const { value, type } = readIdOf("messageId", amqp.message_id);
    system.messageId = value;
    if (type !== "string") system.messageIdType = type;
  }
  if (amqp.correlation_id != null) {
    const { value, type } = readIdOf("correlationId", amqp.correlation_id);
    system.correlationId = value;
    if (type !== "string") system.correlationIdType = type;
  }
  if (user_id != null) system.userId = readText(user_id);
  if (content_type != null) system.contentType = content_type;
  if (content_encoding != null) system.contentEncoding = content_encoding;
  if (absolute_expiry_time != null) system.expiryTimeUtcMs = Number(absolute_expiry_time);
  return system;
}

export function readApplicationProperties(amqp: AmqpMessage): Record<string, string> {
  const properties: Record<string, string> = {};
  const given = amqp.application_properties ?? {};
  for (const name in given) {
    const value: unknown = given[name];
    if (typeof value !== "string") {
      throw new HubError("ArgumentInvalid", `Application property '${name}' is not a string.`);
    }
    properties[name] = value;
  }
  return properties;
}

function readIdOf(field: "messageId" | "correlationId", id: unknown) {
  const read = readId(id);
  if (read !== undefined) return read;
  throw new HubError("ArgumentInvalid", `The ${field} is not a string, ulong, uuid or binary.`);
}

function toId(value: string, type: IdType = "string"): NonNullable<AmqpMessage["message_id"]> {
  return writeId({ value, type });
}

/** It is binary, although rhea's types say string. */
export function toUserId(text: string): string {
  return Buffer.from(text) as unknown as string;
}

function readText(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

export function readBody(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (isDataSection(body)) {
    return Buffer.isBuffer(body.content) ? body.content : Buffer.concat(body.content);
  }
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body, "utf8");
  throw new HubError("ArgumentInvalid", "The body is neither data nor text.");
}

function isDataSection(body: unknown): body is DataSection {
  return (
    typeof body === "object" &&
    body !== null &&
    "typecode" in body &&
    body.typecode === DATA_SECTION
  );
}
