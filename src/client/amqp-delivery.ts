/** What rhea made of a devicebound message, as a received message. */

import { ACKS, type SystemProperties } from "../core/message.ts";
import type { ReceivedMessage } from "./device-connection.ts";
import type { AmqpMessage } from "./sdk-hooks/amqp-device-client.ts";

const ACK_PROPERTY = "iothub-ack";

const UUID_BYTES = 16;

export function toReceivedMessage(amqp: AmqpMessage): ReceivedMessage {
  const { [ACK_PROPERTY]: ack, ...properties } = amqp.application_properties ?? {};
  const annotations = amqp.message_annotations ?? {};
  const deliveryCount = toNumber(annotations["iothub-deliverycount"]);
  return {
    system: { ...toSystemProperties(amqp), ...present("ack", toAck(ack)) },
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, toText(value) ?? null]),
    ),
    malformed: [],
    body: toBytes(amqp.body),
    ...present("enqueuedTimeUtcMs", toNumber(annotations["iothub-enqueuedtime"])),
    ...present("sequenceNumber", toNumber(annotations["x-opt-sequence-number"])),
    ...present("deliveryCount", deliveryCount),
    isRedelivered: (deliveryCount ?? 0) > 0,
  };
}

function toSystemProperties(amqp: AmqpMessage): SystemProperties {
  return {
    ...present("messageId", toId(amqp.message_id)),
    ...present("correlationId", toId(amqp.correlation_id)),
    ...present("userId", toText(amqp.user_id)),
    ...present("to", toText(amqp.to)),
    ...present("contentType", toText(amqp.content_type)),
    ...present("contentEncoding", toText(amqp.content_encoding)),
    ...present("expiryTimeUtcMs", toNumber(amqp.absolute_expiry_time)),
  };
}

function toAck(value: unknown): SystemProperties["ack"] {
  return ACKS.find((one) => one === value);
}

/** AMQP's uuid is 16 bytes here. */
function toId(value: unknown): string | undefined {
  if (!Buffer.isBuffer(value) || value.length !== UUID_BYTES) return toText(value);
  const hex = value.toString("hex");
  return [0, 8, 12, 16, 20].map((from, n, all) => hex.slice(from, all[n + 1])).join("-");
}

function toText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

/** Milliseconds for a time. rhea hands a ulong beyond 2^53 over as bytes. */
function toNumber(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = Buffer.isBuffer(value) ? Number(`0x${value.toString("hex")}`) : Number(value);
  return Number.isNaN(number) ? undefined : number;
}

/** A data section, several of them, or a plain value. */
function toBytes(body: unknown): Uint8Array {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === "object" && "content" in body) return toBytes(body.content);
  if (Array.isArray(body)) return Buffer.concat(body.map(toBytes));
  return Buffer.isBuffer(body) ? body : Buffer.from(String(body), "utf8");
}

function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}
