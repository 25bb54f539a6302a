/** Deliveries over AMQP that were left without a settlement. */

import type { ReceivedMessage } from "../connection/device-connection.ts";

/** Beyond so many, those whose lock must have run out are let go. A session has room for 2,048. */
const MAX_KEPT = 1000;

/** No lock of Azure's lasts longer, in milliseconds (devguide-c2d: 5 to 300 s). */
const MAX_LOCK_MS = 300_000;

interface Locked {
  readonly sinceMs: number;
  readonly end: () => void;
}

/**
 * The session keeps a place for each delivery until it is settled, and stalls when none is left. A
 * delivery whose lock has run out is settled to free its place: the hub ignores the outcome.
 */
export class LockedDeliveries {
  readonly #nowMs: () => number;
  /** Oldest first. */
  readonly #locked = new Map<unknown, Locked>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** @param end Settles the delivery; called once, when its lock has run out. */
  add(message: ReceivedMessage, end: () => void): void {
    this.endFor(message);
    this.#locked.set(keyOf(message), { sinceMs: this.#nowMs(), end });
    const ranOutMs = this.#nowMs() - MAX_LOCK_MS;
    for (const [key, { sinceMs }] of this.#locked) {
      if (this.#locked.size <= MAX_KEPT || sinceMs > ranOutMs) return;
      this.#end(key);
    }
  }

  /** The message has come again: whatever lock it had before has run out. */
  endFor(message: ReceivedMessage): void {
    this.#end(keyOf(message));
  }

  #end(key: unknown): void {
    const locked = this.#locked.get(key);
    this.#locked.delete(key);
    locked?.end();
  }
}

/** A message without a number is itself alone. */
function keyOf(message: ReceivedMessage): unknown {
  const { sequenceNumber, enqueuedTimeUtcMs } = message;
  return sequenceNumber === undefined ? message : `${sequenceNumber}@${enqueuedTimeUtcMs}`;
}
