/** The states of one entry and what happens to it; Invisible while it has a lock (rule c2d-states). */

export type DeadLetterReason = "Expired" | "DeliveryCountExceeded" | "Rejected" | "Purged";

export type RequeueReason = "abandoned" | "lockTimeout" | "disconnected";

export interface Lock {
  readonly token: string;
  /** Milliseconds since the epoch, UTC. */
  readonly untilMs: number;
}

export interface Entry<T> {
  /** Unique in its queue, rising (rule c2d-order). */
  readonly sequenceNumber: number;
  readonly payload: T;
  readonly enqueuedTimeMs: number;
  readonly expiryTimeMs: number;
  /** Explicit abandons so far (rule c2d-delivery-count). */
  readonly deliveryCount: number;
  /** Whether the entry was delivered before and returned (rule c2d-redelivered). */
  readonly isRedelivered: boolean;
  /** Present while Invisible. */
  readonly lock?: Lock;
}

export interface LockedEntry<T> extends Entry<T> {
  readonly lock: Lock;
}

export type Transition<T> =
  | { readonly type: "enqueued"; readonly entry: Entry<T> }
  | { readonly type: "delivered"; readonly entry: LockedEntry<T>; readonly lockToken: string }
  | {
      readonly type: "requeued";
      readonly entry: Entry<T>;
      readonly reason: RequeueReason;
      readonly endedLock: Lock;
    }
  | { readonly type: "completed"; readonly entry: Entry<T> }
  | { readonly type: "deadLettered"; readonly entry: Entry<T>; readonly reason: DeadLetterReason };

export type Settlement = "complete" | "abandon" | "reject";

export function endedLock(transition: Transition<unknown>): Lock | undefined {
  if (transition.type === "requeued") return transition.endedLock;
  const hasEnded = transition.type === "completed" || transition.type === "deadLettered";
  return hasEnded ? transition.entry.lock : undefined;
}

export function isLocked<T>(entry: Entry<T>): entry is LockedEntry<T> {
  return entry.lock !== undefined;
}

/** Rules c2d-reject and c2d-max-delivery-count. */
export function settleEntry<T>(
  entry: LockedEntry<T>,
  settlement: Settlement,
  maxDeliveryCount: number,
): Transition<T> {
  switch (settlement) {
    case "complete":
      return { type: "completed", entry };
    case "reject":
      return deadLetter(entry, "Rejected");
    case "abandon":
      return abandon(entry, maxDeliveryCount);
  }
}

function abandon<T>(entry: LockedEntry<T>, maxDeliveryCount: number): Transition<T> {
  const counted = { ...entry, deliveryCount: entry.deliveryCount + 1 };
  if (counted.deliveryCount >= maxDeliveryCount)
    return deadLetter(counted, "DeliveryCountExceeded");
  return requeue(counted, "abandoned");
}

export function requeue<T>(entry: LockedEntry<T>, reason: RequeueReason): Transition<T> {
  const { lock: endedLock, ...rest } = entry;
  return { type: "requeued", entry: { ...rest, isRedelivered: true }, reason, endedLock };
}

export function deadLetter<T>(entry: Entry<T>, reason: DeadLetterReason): Transition<T> {
  return { type: "deadLettered", entry, reason };
}
