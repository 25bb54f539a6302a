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
  return {
    ...toId("message_id", system.messageId, system.messageIdType),
    ...toId("correlation_id", system.correlationId, system.correlationIdType),
    ...(system.userId !== undefined && userId(system.userId)),
    ...(system.contentType !== undefined && { content_type: system.contentType }),
    ...(system.contentEncoding !== undefined && { content_encoding: system.contentEncoding }),
    ...(system.expiryTimeUtcMs !== undefined && {
      absolute_expiry_time: new Date(system.expiryTimeUtcMs),
    }),
  };
}

export function readSystemProperties(amqp: AmqpMessage): SystemProperties {
  const { to, user_id, content_type, content_encoding, absolute_expiry_time } = amqp;
  return {
    ...(to != null && { to }),
    ...idFields("messageId", amqp.message_id),
    ...idFields("correlationId", amqp.correlation_id),
    ...(user_id != null && { userId: readText(user_id) }),
    ...(content_type != null && { contentType: content_type }),
    ...(content_encoding != null && { contentEncoding: content_encoding }),
    ...(absolute_expiry_time != null && { expiryTimeUtcMs: Number(absolute_expiry_time) }),
  };
}

export function readApplicationProperties(amqp: AmqpMessage): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(amqp.application_properties ?? {})) {
    if (typeof value !== "string") {
      throw new HubError("ArgumentInvalid", `Application property '${name}' is not a string.`);
    }
    properties[name] = value;
  }
  return properties;
}

function idFields(field: "messageId" | "correlationId", id: unknown): SystemProperties {
  if (id === undefined || id === null) return {};
  const read = readId(id);
  if (read === undefined) {
    throw new HubError("ArgumentInvalid", `The ${field} is not a string, ulong, uuid or binary.`);
  }
  const { value, type } = read;
  return { [field]: value, ...(type !== "string" && { [`${field}Type`]: type }) };
}

function toId(
  field: "message_id" | "correlation_id",
  value: string | undefined,
  type: IdType = "string",
): Pick<AmqpMessage, typeof field> {
  return value === undefined ? {} : { [field]: writeId({ value, type }) };
}

/** The user id is binary, although rhea's types say string. */
export function userId(text: string): Pick<AmqpMessage, "user_id"> {
  return { user_id: Buffer.from(text) as unknown as string };
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

/** The same bytes, not a copy. */
export function asBuffer({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}

function isDataSection(body: unknown): body is DataSection {
  return (
    typeof body === "object" &&
    body !== null &&
    "typecode" in body &&
    body.typecode === DATA_SECTION
  );
}
