/** Prints deliveries one by one, and settles each only after it has been written. */

import { createDeferred } from "../../../async/deferred.ts";
import type { Delivery, ReceivedMessage } from "../../../client/connection/device-connection.ts";
import type { Arrival } from "./message-record.ts";

export interface PrinterOptions {
  readonly deviceId: string;
  readonly count: number | undefined;
  write(delivery: Delivery, arrival: Arrival): Promise<void>;
  onPrinted(delivery: Delivery, arrival: Arrival): void;
  isDuplicate(delivery: Delivery): boolean;
  settle(delivery: Delivery): Promise<void>;
  nowMs(): number;
}

/** For a slow reader. A hub has at most 50 unsettled; it redelivers any beyond the limit. */
const MAX_WAITING = 200;

export class DeliveryPrinter {
  readonly #options: PrinterOptions;
  readonly #waiting: { delivery: Delivery; readonly receivedAtMs: number }[] = [];
  readonly #settling = new Set<Promise<void>>();
  #accepted = 0;
  #printed = 0;
  #isWriting = false;
  #isStopped = false;
  /** Never rejects. */
  #writing: Promise<void> = Promise.resolve();
  readonly #finished = createDeferred<void>();

  constructor(options: PrinterOptions) {
    this.#options = options;
  }

  /** Resolves when `count` messages have been written; rejects when writing fails. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get printedCount(): number {
    return this.#printed;
  }

  get isComplete(): boolean {
    return this.#printed === this.#options.count;
  }

  /** Deliveries beyond `count` stay unsettled. A redelivery replaces the waiting message. */
  add(delivery: Delivery): void {
    const { count = Number.POSITIVE_INFINITY, nowMs } = this.#options;
    if (this.#isStopped) return;
    const same = this.#waiting.find((one) => isSame(one.delivery.message, delivery.message));
    if (same) {
      // Its lock has expired: only release its place in the connection.
      same.delivery.settle("none").catch(() => {});
      same.delivery = delivery;
      return;
    }
    if (this.#accepted >= count || this.#waiting.length >= MAX_WAITING) return;
    this.#accepted += 1;
    this.#waiting.push({ delivery, receivedAtMs: nowMs() });
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  /** The connection is lost: the hub will redeliver what has not been printed. */
  dropWaiting(): void {
    this.#accepted -= this.#waiting.length;
    this.#waiting.length = 0;
  }

  /** Resolves once the current message is written and settled. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#writing;
    await Promise.all(this.#settling);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        await this.#writeOne(next.delivery, next.receivedAtMs);
      }
    } catch (error) {
      this.#isStopped = true;
      this.#finished.reject(error);
    }
    this.#isWriting = false;
  }

  #next(): { delivery: Delivery; receivedAtMs: number } | undefined {
    return this.#isStopped ? undefined : this.#waiting.shift();
  }

  async #writeOne(delivery: Delivery, receivedAtMs: number): Promise<void> {
    const { deviceId, write, onPrinted, isDuplicate } = this.#options;
    const arrival = {
      n: this.#printed + 1,
      receivedAtMs,
      deviceId,
      isDuplicate: isDuplicate(delivery),
    };
    await write(delivery, arrival);
    this.#printed += 1;
    onPrinted(delivery, arrival);
    this.#settle(delivery);
    if (this.isComplete) {
      this.#isStopped = true;
      this.#finished.resolve();
    }
  }

  /** In printing order, without delaying the next message. */
  #settle(delivery: Delivery): void {
    const settled = this.#options
      .settle(delivery)
      .finally(() => void this.#settling.delete(settled));
    this.#settling.add(settled);
  }
}

function isSame(a: ReceivedMessage, b: ReceivedMessage): boolean {
  const { sequenceNumber, enqueuedTimeUtcMs } = a;
  if (sequenceNumber === undefined) return false;
  return sequenceNumber === b.sequenceNumber && enqueuedTimeUtcMs === b.enqueuedTimeUtcMs;
}
