import rhea, { type Message as AmqpMessage } from "rhea";
import type { IdType } from "../../core/message.ts";

interface TypedId {
  readonly value: string;
  readonly type: IdType;
}

/** rhea leaves ulongs beyond JavaScript's safe integers encoded. */
const ULONG_BYTES = 8;
const UUID_BYTES = 16;

/** Undefined for a type that AMQP does not allow as an id. Bytes are read as text. */
export function readId(id: unknown): TypedId | undefined {
  if (typeof id === "string") return { value: id, type: "string" };
  if (typeof id === "number") {
    return Number.isSafeInteger(id) && id >= 0 ? { value: String(id), type: "ulong" } : undefined;
  }
  if (!Buffer.isBuffer(id)) return undefined;
  if (id.length === UUID_BYTES) return { value: rhea.uuid_to_string(id), type: "uuid" };
  if (id.length === ULONG_BYTES) return { value: id.readBigUInt64BE().toString(), type: "ulong" };
  return { value: id.toString("utf8"), type: "string" };
}

/** rhea's types allow plain ids only, but it encodes wrapped ones correctly. */
export function writeId({ value, type }: TypedId): NonNullable<AmqpMessage["message_id"]> {
  if (type === "string") return value;
  const wrapped =
    type === "uuid"
      ? rhea.types.wrap_uuid(rhea.string_to_uuid(value))
      : rhea.types.wrap_ulong(ulongOf(value));
  return wrapped as unknown as NonNullable<AmqpMessage["message_id"]>;
}

/** With the AMQP type of the request's id. */
export function correlationOf(messageId: unknown): Pick<AmqpMessage, "correlation_id"> {
  const id = readId(messageId);
  return id === undefined ? {} : { correlation_id: writeId(id) };
}

function ulongOf(value: string): number | Buffer {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  const bytes = Buffer.alloc(ULONG_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
