/** A received message as it is told: what did not arrive is left out. */

import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import type { PropertyValue } from "../../../core/message.ts";
import { type BodyView, viewBody } from "../../text/body-text.ts";

/** Circumstances of an arrival. */
export interface Arrival {
  /** 1-based. */
  readonly n: number;
  readonly receivedAtMs: number;
  readonly deviceId: string;
  readonly isDuplicate: boolean;
}

/** The system properties, named as the documentation names them. */
export interface SystemRecord {
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly to?: string;
  readonly expiryTimeUtc?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly ack?: string;
  readonly enqueuedTimeUtc?: string;
  readonly sequenceNumber?: number;
  readonly deliveryCount?: number;
}

export type MessageRecord = {
  readonly type: "message";
  readonly n: number;
  readonly receivedAt: string;
  readonly deviceId: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly bytes: number;
  readonly duplicate: boolean;
} & SystemRecord &
  BodyView;

export function toMessageRecord(message: ReceivedMessage, arrival: Arrival): MessageRecord {
  return {
    type: "message",
    n: arrival.n,
    receivedAt: new Date(arrival.receivedAtMs).toISOString(),
    deviceId: arrival.deviceId,
    ...toSystemRecord(message),
    properties: message.properties,
    ...viewBody(message.body, message.system.contentType),
    bytes: message.body.length,
    duplicate: arrival.isDuplicate,
  };
}

export function toSystemRecord(message: ReceivedMessage): SystemRecord {
  const { system, enqueuedTimeUtcMs, sequenceNumber, deliveryCount } = message;
  return {
    ...present("messageId", system.messageId),
    ...present("correlationId", system.correlationId),
    ...present("userId", system.userId),
    ...present("to", system.to),
    ...present("expiryTimeUtc", toIso(system.expiryTimeUtcMs)),
    ...present("contentType", system.contentType),
    ...present("contentEncoding", system.contentEncoding),
    ...present("ack", system.ack),
    ...present("enqueuedTimeUtc", toIso(enqueuedTimeUtcMs)),
    ...present("sequenceNumber", sequenceNumber),
    ...present("deliveryCount", deliveryCount),
  };
}

function present<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]: V });
}

function toIso(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
