/**
 * One machine for device queues and the feedback queue (rule c2d-states). Pure: time and tokens are
 * passed in. Due times derive from stored fields, so a restored queue works like a running one.
 * No operation looks at entries that it leaves unchanged, apart from a path to those it changes.
 */

import { type DueTree, find, first, put, remove, valuesOf } from "./due-tree.ts";
import {
  deadLetter,
  type Entry,
  isLocked,
  type Lock,
  type LockedEntry,
  requeue,
  type Settlement,
  settleEntry,
  type Transition,
} from "./queue-entry.ts";

export type { Settlement };

export class MessageQueue<T> {
  /** By sequence number. */
  readonly visible: DueTree<number, Entry<T>> | undefined;
  /** By lock token. */
  readonly locked: DueTree<string, LockedEntry<T>> | undefined;
  readonly nextSequenceNumber: number;

  constructor(
    visible: MessageQueue<T>["visible"],
    locked: MessageQueue<T>["locked"],
    nextSequenceNumber: number,
  ) {
    this.visible = visible;
    this.locked = locked;
    this.nextSequenceNumber = nextSequenceNumber;
  }

  get size(): number {
    return (this.visible?.size ?? 0) + (this.locked?.size ?? 0);
  }

  /** In order of their sequence numbers. */
  get entries(): readonly Entry<T>[] {
    return dueBy(this, Number.POSITIVE_INFINITY);
  }
}

export interface Step<T> {
  readonly queue: MessageQueue<T>;
  readonly transitions: readonly Transition<T>[];
}

type SettleOutcome<T> =
  | ({ readonly type: "settled"; readonly entry: Entry<T> } & Step<T>)
  | { readonly type: "lockLost" };

const NONE: readonly never[] = [];

export const EMPTY_QUEUE = new MessageQueue<never>(undefined, undefined, 1);

/** @param entries All visible. */
export function restoreQueue<T>(
  entries: readonly Entry<T>[],
  nextSequenceNumber: number,
): MessageQueue<T> {
  const visible = entries.reduce<MessageQueue<T>["visible"]>(putVisible, undefined);
  return new MessageQueue(visible, undefined, nextSequenceNumber);
}

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
  return step(queue, [{ type: "enqueued", entry }]);
}

/** Expires entries first, then locks (rules c2d-expiry, c2d-lock-timeout). */
export function advance<T>(queue: MessageQueue<T>, nowMs: number): Step<T> {
  const dueMs = nextDueMs(queue);
  if (dueMs === undefined || dueMs > nowMs) return { queue, transitions: NONE };
  const transitions = dueBy(queue, nowMs).map((entry) =>
    entry.expiryTimeMs > nowMs && isLocked(entry)
      ? requeue(entry, "lockTimeout")
      : deadLetter(entry, "Expired"),
  );
  return step(queue, transitions);
}

export function nextDueMs({ visible, locked }: MessageQueue<unknown>): number | undefined {
  if (visible === undefined || locked === undefined) return (visible ?? locked)?.dueMs;
  return Math.min(visible.dueMs, locked.dueMs);
}

/** Delivers the oldest visible entry under this lock; no transition if there is none. */
export function deliverNext<T>(queue: MessageQueue<T>, lock: Lock): Step<T> {
  if (queue.visible === undefined) return { queue, transitions: NONE };
  // Added behind the spread, the lock would make this take eight times as long.
  const entry: LockedEntry<T> = { lock, ...first(queue.visible).value };
  return step(queue, [{ type: "delivered", entry, lockToken: lock.token }]);
}

/** A lock that has expired or never existed is lost (rule c2d-lock-lost). */
export function settle<T>(
  queue: MessageQueue<T>,
  lockToken: string,
  settlement: Settlement,
  maxDeliveryCount: number,
): SettleOutcome<T> {
  const entry = find(queue.locked, lockToken);
  if (entry === undefined) return { type: "lockLost" };
  const transition = settleEntry(entry, settlement, maxDeliveryCount);
  return { type: "settled", entry, ...step(queue, [transition]) };
}

/** The holder of these locks has disconnected (rule c2d-disconnect). */
export function releaseLocks<T>(queue: MessageQueue<T>, lockTokens: ReadonlySet<string>): Step<T> {
  const held = [...lockTokens].flatMap((token) => find(queue.locked, token) ?? []);
  const transitions = held.sort(bySequence).map((entry) => requeue(entry, "disconnected"));
  return step(queue, transitions);
}

/** Dead-letters everything, in flight or not (rule c2d-purge). */
export function purge<T>(queue: MessageQueue<T>): Step<T> {
  return step(
    queue,
    queue.entries.map((entry) => deadLetter(entry, "Purged")),
  );
}

function step<T>(queue: MessageQueue<T>, transitions: readonly Transition<T>[]): Step<T> {
  return { queue: transitions.reduce(follow, queue), transitions };
}

function follow<T>(queue: MessageQueue<T>, transition: Transition<T>): MessageQueue<T> {
  const { visible, locked, nextSequenceNumber } = queue;
  const { entry } = transition;
  switch (transition.type) {
    case "enqueued":
      return new MessageQueue(putVisible(visible, entry), locked, nextSequenceNumber + 1);
    case "delivered":
      return new MessageQueue(
        remove(visible, entry.sequenceNumber),
        putLocked(locked, transition.entry),
        nextSequenceNumber,
      );
    case "requeued":
      return new MessageQueue(
        putVisible(visible, entry),
        remove(locked, transition.endedLock.token),
        nextSequenceNumber,
      );
    case "completed":
    case "deadLettered":
      return isLocked(entry)
        ? new MessageQueue(visible, remove(locked, entry.lock.token), nextSequenceNumber)
        : new MessageQueue(remove(visible, entry.sequenceNumber), locked, nextSequenceNumber);
  }
}

function putVisible<T>(tree: MessageQueue<T>["visible"], entry: Entry<T>) {
  return put(tree, { key: entry.sequenceNumber, dueMs: entry.expiryTimeMs, value: entry });
}

function putLocked<T>(tree: MessageQueue<T>["locked"], entry: LockedEntry<T>) {
  const { expiryTimeMs, lock } = entry;
  return put(tree, {
    key: lock.token,
    dueMs: Math.min(expiryTimeMs, lock.untilMs),
    value: entry,
  });
}

/** In order of their sequence numbers. */
function dueBy<T>({ visible, locked }: MessageQueue<T>, nowMs: number): Entry<T>[] {
  return [...valuesOf(visible, nowMs), ...valuesOf(locked, nowMs)].sort(bySequence);
}

function bySequence(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.sequenceNumber - b.sequenceNumber;
}
