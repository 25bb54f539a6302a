/** A received event as it is told: what did not arrive is left out. */

import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import type { PropertyValue } from "../../../core/message.ts";
import { type BodyView, viewBody } from "../../text/body-text.ts";

/** Who sent it, where it stands, and what it says of itself. */
export interface EventSystemRecord {
  readonly deviceId?: string;
  readonly partitionId: string;
  readonly sequenceNumber: number;
  readonly offset?: string;
  readonly enqueuedTimeUtc?: string;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
}

export type EventRecord = {
  readonly type: "event";
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly annotations: Readonly<Record<string, unknown>>;
} & EventSystemRecord &
  BodyView;

export function toEventRecord(event: ReceivedEvent): EventRecord {
  const { properties, annotations, body, system } = event;
  return {
    type: "event",
    ...toEventSystemRecord(event),
    properties,
    annotations,
    ...viewBody(body, system.contentType),
  };
}

export function toEventSystemRecord(event: ReceivedEvent): EventSystemRecord {
  const { deviceId, partitionId, sequenceNumber, offset, enqueuedTimeUtcMs: timeMs } = event;
  const { messageId, correlationId, userId, contentType, contentEncoding } = event.system;
  return {
    ...(deviceId !== undefined && { deviceId }),
    partitionId,
    sequenceNumber,
    ...(offset !== undefined && { offset }),
    ...(timeMs !== undefined && { enqueuedTimeUtc: new Date(timeMs).toISOString() }),
    ...(messageId !== undefined && { messageId }),
    ...(correlationId !== undefined && { correlationId }),
    ...(userId !== undefined && { userId }),
    ...(contentType !== undefined && { contentType }),
    ...(contentEncoding !== undefined && { contentEncoding }),
  };
}
