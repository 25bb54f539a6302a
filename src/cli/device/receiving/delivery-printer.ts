/** Prints deliveries one by one and settles each only once it is out. */

import { createDeferred } from "../../../async/deferred.ts";
import type { Delivery, ReceivedMessage } from "../../../client/connection/device-connection.ts";
import type { Arrival } from "./message-record.ts";

export interface PrinterOptions {
  readonly deviceId: string;
  /** Prints no more than this. */
  readonly count: number | undefined;
  /** Resolves when the text has left the process. */
  write(delivery: Delivery, arrival: Arrival): Promise<void>;
  /** Called when a message has been written out. */
  onPrinted(delivery: Delivery, arrival: Arrival): void;
  isDuplicate(delivery: Delivery): boolean;
  settle(delivery: Delivery): Promise<void>;
  nowMs(): number;
}

/**
 * Deliveries that may wait for a slow reader. A hub hands out 50 that are not settled; those beyond
 * the limit stay unsettled, so that the hub delivers them again.
 */
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

  /** Resolves when `count` messages are out; rejects when writing fails. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  get printedCount(): number {
    return this.#printed;
  }

  get isComplete(): boolean {
    return this.#printed === this.#options.count;
  }

  /**
   * Takes a delivery, unless there are enough: then it stays unsettled, and goes back to the hub. One
   * whose lock ran out while it waited for the reader comes again, and takes its own place.
   */
  add(delivery: Delivery): void {
    const { count = Number.POSITIVE_INFINITY, nowMs } = this.#options;
    if (this.#isStopped) return;
    const same = this.#waiting.find((one) => isSame(one.delivery.message, delivery.message));
    if (same) {
      // Its lock has run out: it is left as it is, and takes up no room in the connection.
      same.delivery.settle("none").catch(() => {});
      same.delivery = delivery;
      return;
    }
    if (this.#accepted >= count || this.#waiting.length >= MAX_WAITING) return;
    this.#accepted += 1;
    this.#waiting.push({ delivery, receivedAtMs: nowMs() });
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  /** Forgets what has not been printed: its connection is gone, and the hub delivers it again. */
  dropWaiting(): void {
    this.#accepted -= this.#waiting.length;
    this.#waiting.length = 0;
  }

  /** Prints nothing new. Resolves once what is being written is out and settled. */
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

  /** In the order of printing, without waiting for each: the next message need not. */
  #settle(delivery: Delivery): void {
    const settled = this.#options
      .settle(delivery)
      .finally(() => void this.#settling.delete(settled));
    this.#settling.add(settled);
  }
}

/** By what the hub counts, where the protocol carries it. */
function isSame(a: ReceivedMessage, b: ReceivedMessage): boolean {
  const { sequenceNumber, enqueuedTimeUtcMs } = a;
  if (sequenceNumber === undefined) return false;
  return sequenceNumber === b.sequenceNumber && enqueuedTimeUtcMs === b.enqueuedTimeUtcMs;
}
