import type { ReceivedMessage } from "../connection/device-connection.ts";

/** Above this, expired deliveries are settled. A session has room for 2,048. */
const MAX_KEPT = 1000;

/** Azure's longest lock (devguide-c2d: 5 to 300 s). */
const MAX_LOCK_MS = 300_000;

interface Locked {
  readonly sinceMs: number;
  readonly end: () => void;
}

/**
 * A session keeps a slot for each unsettled delivery, and stalls when none is free. Settling one
 * whose lock has expired frees its slot; the hub ignores the outcome.
 */
export class LockedDeliveries {
  readonly #nowMs: () => number;
  /** Oldest first. */
  readonly #locked = new Map<unknown, Locked>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  add(message: ReceivedMessage, end: () => void): void {
    this.endFor(message);
    this.#locked.set(keyOf(message), { sinceMs: this.#nowMs(), end });
    const ranOutMs = this.#nowMs() - MAX_LOCK_MS;
    for (const [key, { sinceMs }] of this.#locked) {
      if (this.#locked.size <= MAX_KEPT || sinceMs > ranOutMs) return;
      this.#end(key);
    }
  }

  endFor(message: ReceivedMessage): void {
    this.#end(keyOf(message));
  }

  #end(key: unknown): void {
    const locked = this.#locked.get(key);
    this.#locked.delete(key);
    locked?.end();
  }
}

function keyOf(message: ReceivedMessage): unknown {
  const { sequenceNumber, enqueuedTimeUtcMs } = message;
  return sequenceNumber === undefined ? message : `${sequenceNumber}@${enqueuedTimeUtcMs}`;
}
