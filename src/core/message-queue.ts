/**
 * One machine for device queues and the feedback queue (rule c2d-states). Pure: time and tokens are
 * passed in. Due times derive from stored fields, so a restored queue works like a running one.
 */

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

export interface MessageQueue<T> {
  /** In order of their sequence numbers. */
  readonly entries: readonly Entry<T>[];
  readonly nextSequenceNumber: number;
}

export type Transition<T> =
  | { readonly type: "enqueued"; readonly entry: Entry<T> }
  | { readonly type: "delivered"; readonly entry: Entry<T>; readonly lockToken: string }
  | { readonly type: "requeued"; readonly entry: Entry<T>; readonly reason: RequeueReason }
  | { readonly type: "completed"; readonly entry: Entry<T> }
  | { readonly type: "deadLettered"; readonly entry: Entry<T>; readonly reason: DeadLetterReason };

export function endedLock<T>(
  before: MessageQueue<T>,
  { type, entry }: Transition<T>,
): Lock | undefined {
  if (type === "enqueued" || type === "delivered") return undefined;
  return before.entries.find(({ sequenceNumber }) => sequenceNumber === entry.sequenceNumber)?.lock;
}

export interface Step<T> {
  readonly queue: MessageQueue<T>;
  readonly transitions: readonly Transition<T>[];
}

export type Settlement = "complete" | "abandon" | "reject";

type SettleOutcome<T> = ({ readonly type: "settled" } & Step<T>) | { readonly type: "lockLost" };

export const EMPTY_QUEUE: MessageQueue<never> = { entries: [], nextSequenceNumber: 1 };

export function enqueue<T>(
  queue: MessageQueue<T>,
  payload: T,
  times: { readonly nowMs: number; readonly expiryTimeMs: number },
): Step<T> {
  const entry: Entry<T> = {
    sequenceNumber: queue.nextSequenceNumber,
    payload,
    enqueuedTimeMs: times.nowMs,
    expiryTimeMs: times.expiryTimeMs,
    deliveryCount: 0,
    isRedelivered: false,
  };
  return {
    queue: {
      entries: [...queue.entries, entry],
      nextSequenceNumber: queue.nextSequenceNumber + 1,
    },
    transitions: [{ type: "enqueued", entry }],
  };
}

/** Expires entries first, then locks (rules c2d-expiry, c2d-lock-timeout). */
export function advance<T>(queue: MessageQueue<T>, nowMs: number): Step<T> {
  if ((nextDueMs(queue) ?? Number.POSITIVE_INFINITY) > nowMs) return { queue, transitions: [] };
  return replaceEach(queue, (entry) => {
    if (entry.expiryTimeMs <= nowMs) return deadLetter(entry, "Expired");
    if (entry.lock && entry.lock.untilMs <= nowMs) return requeue(entry, "lockTimeout");
    return undefined;
  });
}

export function nextDueMs<T>(queue: MessageQueue<T>): number | undefined {
  let due: number | undefined;
  for (const { expiryTimeMs, lock } of queue.entries) {
    const entryDue = lock ? Math.min(expiryTimeMs, lock.untilMs) : expiryTimeMs;
    due = due === undefined ? entryDue : Math.min(due, entryDue);
  }
  return due;
}

/** Delivers the oldest visible entry under this lock; no transition if there is none. */
export function deliverNext<T>(queue: MessageQueue<T>, lock: Lock): Step<T> {
  const next = queue.entries.find((entry) => entry.lock === undefined);
  if (next === undefined) return { queue, transitions: [] };
  return replaceEach(queue, (entry) => {
    if (entry !== next) return undefined;
    const delivered = { ...entry, lock };
    return {
      entry: delivered,
      transition: { type: "delivered", entry: delivered, lockToken: lock.token },
    };
  });
}

/** A lock that has expired or never existed is lost (rule c2d-lock-lost). */
export function settle<T>(
  queue: MessageQueue<T>,
  lockToken: string,
  settlement: Settlement,
  maxDeliveryCount: number,
): SettleOutcome<T> {
  const step = replaceEach(queue, (entry) =>
    entry.lock?.token === lockToken ? settleEntry(entry, settlement, maxDeliveryCount) : undefined,
  );
  return step.transitions.length === 0 ? { type: "lockLost" } : { type: "settled", ...step };
}

/** The holder of these locks has disconnected (rule c2d-disconnect). */
export function releaseLocks<T>(queue: MessageQueue<T>, lockTokens: ReadonlySet<string>): Step<T> {
  return replaceEach(queue, (entry) =>
    entry.lock && lockTokens.has(entry.lock.token) ? requeue(entry, "disconnected") : undefined,
  );
}

/** Dead-letters everything, in flight or not (rule c2d-purge). */
export function purge<T>(queue: MessageQueue<T>): Step<T> {
  return replaceEach(queue, (entry) => deadLetter(entry, "Purged"));
}

interface Replacement<T> {
  /** Absent when the entry leaves the queue. */
  readonly entry?: Entry<T>;
  readonly transition: Transition<T>;
}

function replaceEach<T>(
  queue: MessageQueue<T>,
  replace: (entry: Entry<T>) => Replacement<T> | undefined,
): Step<T> {
  const entries: Entry<T>[] = [];
  const transitions: Transition<T>[] = [];
  for (const entry of queue.entries) {
    const replacement = replace(entry);
    if (replacement) transitions.push(replacement.transition);
    const kept = replacement ? replacement.entry : entry;
    if (kept) entries.push(kept);
  }
  return { queue: { ...queue, entries }, transitions };
}

/** Rules c2d-reject and c2d-max-delivery-count. */
function settleEntry<T>(
  entry: Entry<T>,
  settlement: Settlement,
  maxDeliveryCount: number,
): Replacement<T> {
  switch (settlement) {
    case "complete":
      return { transition: { type: "completed", entry } };
    case "reject":
      return deadLetter(entry, "Rejected");
    case "abandon":
      return abandon(entry, maxDeliveryCount);
  }
}

function abandon<T>(entry: Entry<T>, maxDeliveryCount: number): Replacement<T> {
  const counted = { ...entry, deliveryCount: entry.deliveryCount + 1 };
  if (counted.deliveryCount >= maxDeliveryCount)
    return deadLetter(counted, "DeliveryCountExceeded");
  return requeue(counted, "abandoned");
}

function requeue<T>(entry: Entry<T>, reason: RequeueReason): Replacement<T> {
  const { lock: _released, ...rest } = entry;
  const requeued: Entry<T> = { ...rest, isRedelivered: true };
  return { entry: requeued, transition: { type: "requeued", entry: requeued, reason } };
}

function deadLetter<T>(entry: Entry<T>, reason: DeadLetterReason): Replacement<T> {
  return { transition: { type: "deadLettered", entry, reason } };
}
