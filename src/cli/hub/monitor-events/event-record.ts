/** Fields that did not arrive are undefined, and omitted. */

import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import { viewBody } from "../../text/body-text.ts";
import { formatTime } from "../../text/time.ts";

/** Those of `toEventRecord`, in its order. */
export const EVENT_KEYS = [
  "type",
  "deviceId",
  "partitionId",
  "sequenceNumber",
  "offset",
  "enqueuedTimeUtc",
  "messageId",
  "correlationId",
  "userId",
  "contentType",
  "contentEncoding",
  "properties",
  "annotations",
  "bodyEncoding",
  "body",
  "raw",
];

export function toEventRecord(event: ReceivedEvent) {
  const { properties, annotations, body, system } = event;
  return {
    type: "event",
    ...toEventSystemRecord(event),
    properties,
    annotations,
    ...viewBody(body, system.contentType),
  };
}

export function toEventSystemRecord({ system, ...event }: ReceivedEvent) {
  return {
    deviceId: event.deviceId,
    partitionId: event.partitionId,
    sequenceNumber: event.sequenceNumber,
    offset: event.offset,
    enqueuedTimeUtc: formatTime(event.enqueuedTimeUtcMs),
    messageId: system.messageId,
    correlationId: system.correlationId,
    userId: system.userId,
    contentType: system.contentType,
    contentEncoding: system.contentEncoding,
  };
}
