import type { PropertyValue, SystemProperties } from "../../core/message.ts";
import {
  type AmqpMessage,
  present,
  toBytes,
  toNumber,
  toProperties,
  toSystemProperties,
  toText,
} from "../connection/amqp-values.ts";

export interface ReceivedEvent {
  readonly partitionId: string;
  readonly sequenceNumber: number;
  readonly offset?: string;
  readonly enqueuedTimeUtcMs?: number;
  /** Absent for events that no device has sent. */
  readonly deviceId?: string;
  readonly system: SystemProperties;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly annotations: Readonly<Record<string, unknown>>;
  readonly body: Uint8Array;
}

const DEVICE_ID = "iothub-connection-device-id";
const SEQUENCE_NUMBER = "x-opt-sequence-number";
const OFFSET = "x-opt-offset";
const ENQUEUED_TIME = "x-opt-enqueued-time";

export function toReceivedEvent(partitionId: string, amqp: AmqpMessage): ReceivedEvent {
  const {
    [DEVICE_ID]: deviceId,
    [SEQUENCE_NUMBER]: sequenceNumber,
    [OFFSET]: offset,
    [ENQUEUED_TIME]: enqueuedTime,
    ...annotations
  } = amqp.message_annotations ?? {};
  return {
    partitionId,
    sequenceNumber: toNumber(sequenceNumber) ?? Number.NaN,
    ...present("offset", toText(offset)),
    ...present("enqueuedTimeUtcMs", toNumber(enqueuedTime)),
    ...present("deviceId", toText(deviceId)),
    system: toSystemProperties(amqp),
    properties: toProperties(amqp.application_properties ?? {}),
    annotations: toJson(annotations) as Readonly<Record<string, unknown>>,
    body: toBytes(amqp.body),
  };
}

/** Times as ISO 8601, bytes as base64. */
function toJson(value: unknown): unknown {
  if (value instanceof Date) return toIso(value);
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJson(one)]));
}

function toIso(time: Date): string | null {
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}
