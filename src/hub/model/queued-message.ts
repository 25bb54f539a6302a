import { formatUtc } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import type { Entry } from "../../core/queue-entry.ts";

/** A message in its device's queue. Times are ISO 8601, UTC. */
export interface QueuedMessage {
  /** Its position in the queue. */
  readonly sequenceNumber: number;
  readonly messageId?: string;
  /** A receiver has an invisible message locked, and may settle it. */
  readonly state: "enqueued" | "invisible";
  /** Then it is enqueued again, unless it was settled. Only of an invisible message. */
  readonly lockedUntilUtc?: string;
  readonly enqueuedTimeUtc: string;
  readonly expiryTimeUtc: string;
  /** How often a receiver has abandoned it. */
  readonly deliveryCount: number;
  /** Of the body. */
  readonly bytes: number;
}

export function toQueuedMessage(entry: Entry<Message>): QueuedMessage {
  const { sequenceNumber, payload, lock, enqueuedTimeMs, expiryTimeMs, deliveryCount } = entry;
  const { messageId } = payload.system;
  return {
    sequenceNumber,
    ...(messageId !== undefined && { messageId }),
    state: lock ? "invisible" : "enqueued",
    ...(lock && { lockedUntilUtc: formatUtc(lock.untilMs) }),
    enqueuedTimeUtc: formatUtc(enqueuedTimeMs),
    expiryTimeUtc: formatUtc(expiryTimeMs),
    deliveryCount,
    bytes: payload.body.length,
  };
}
