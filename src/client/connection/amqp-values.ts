import type { PropertyValue, SystemProperties } from "../../core/message.ts";

/** As rhea decodes it; the SDKs' own types drop some of the fields. */
export interface AmqpMessage {
  readonly message_id?: unknown;
  readonly correlation_id?: unknown;
  readonly user_id?: unknown;
  readonly to?: string;
  readonly content_type?: string;
  readonly content_encoding?: string;
  readonly absolute_expiry_time?: Date | number;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly message_annotations?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

const UUID_BYTES = 16;

export function toSystemProperties(amqp: AmqpMessage): SystemProperties {
  const system: Record<string, string | number> = {};
  const add = (name: keyof SystemProperties, value: string | number | undefined): void => {
    if (value !== undefined) system[name] = value;
  };
  add("messageId", toId(amqp.message_id));
  add("correlationId", toId(amqp.correlation_id));
  add("userId", toText(amqp.user_id));
  add("to", toText(amqp.to));
  add("contentType", toText(amqp.content_type));
  add("contentEncoding", toText(amqp.content_encoding));
  add("expiryTimeUtcMs", toNumber(amqp.absolute_expiry_time));
  return system as SystemProperties;
}

export function toProperties(
  properties: Readonly<Record<string, unknown>>,
): Readonly<Record<string, PropertyValue>> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, toText(value) ?? null]),
  );
}

export function toText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

/** rhea returns a ulong beyond 2^53 as bytes. */
export function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = Buffer.isBuffer(value) ? Number(`0x${value.toString("hex")}`) : Number(value);
  return Number.isNaN(number) ? undefined : number;
}

export function toBytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === "object" && "content" in body) return toBytes(body.content);
  if (Array.isArray(body)) return Buffer.concat(body.map(toBytes));
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body), "utf8");
}

export function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

function toId(value: unknown): string | undefined {
  if (!Buffer.isBuffer(value) || value.length !== UUID_BYTES) return toText(value);
  const hex = value.toString("hex");
  return [0, 8, 12, 16, 20].map((from, n, all) => hex.slice(from, all[n + 1])).join("-");
}
