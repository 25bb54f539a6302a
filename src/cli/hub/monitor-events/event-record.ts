/** A received event as it is printed: what did not arrive is undefined, and left out. */

import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import { viewBody } from "../../text/body-text.ts";
import { formatTime } from "../../text/time.ts";

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

/** Who sent it, where it stands, and what it says of itself. */
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
