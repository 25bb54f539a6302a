/** Prints deliveries in order, and settles each only after it has been written. */

import { setImmediate as nextTurn } from "node:timers/promises";
import { createDeferred } from "../../../async/deferred.ts";
import type { Delivery } from "../../../client/connection/device-connection.ts";
import type { Arrival } from "./message-record.ts";
import { type Waiting, WaitingDeliveries } from "./waiting-deliveries.ts";

export interface Printing {
  readonly delivery: Delivery;
  readonly arrival: Arrival;
}

export interface PrinterOptions {
  readonly deviceId: string;
  readonly count: number | undefined;
  /** Messages for one write; default: as many as there are. */
  readonly maxTogether?: number;
  /** What comes again and needs nothing but to be settled. Asked when it arrives, and before it is written. */
  isSettled?(delivery: Delivery, connection: number): boolean;
  /** What has arrived since the last write. */
  write(printings: readonly Printing[]): Promise<void>;
  onPrinted(delivery: Delivery): void;
  /** Called once for each, in order, shortly before it is written. */
  isDuplicate(delivery: Delivery, connection: number): boolean;
  settle(delivery: Delivery): Promise<void>;
  nowMs(): number;
}

export class DeliveryPrinter {
  readonly #options: PrinterOptions;
  readonly #waiting = new WaitingDeliveries();
  readonly #settling = new Set<Promise<unknown>>();
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

  /**
   * Deliveries beyond `count` stay unsettled. A redelivery replaces the waiting message.
   *
   * @param connection The number of the connection that it came over.
   */
  add(delivery: Delivery, connection: number): void {
    const { count = Number.POSITIVE_INFINITY, nowMs } = this.#options;
    if (this.#isStopped) return;
    if (this.#options.isSettled?.(delivery, connection)) {
      this.#settle([{ delivery }]);
      return;
    }
    if (this.#waiting.replace(delivery, connection)) return;
    if (this.#accepted >= count || this.#waiting.isFull) return;
    this.#accepted += 1;
    this.#waiting.push({ delivery, connection, receivedAtMs: nowMs() });
    if (!this.#isWriting) this.#writing = this.#writeAll();
  }

  /** The connection is lost: the hub will redeliver what has not been printed. */
  dropWaiting(): void {
    this.#accepted -= this.#waiting.take().length;
  }

  /** Resolves once what is being written is written and settled. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#writing;
    await Promise.all(this.#settling);
  }

  /** Gathers what one turn of the event loop brings: a write for each would cost more than the rest. */
  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      await nextTurn();
      while (this.#waiting.size > 0 && !this.#isStopped) await this.#writeWaiting();
    } catch (error) {
      this.#isStopped = true;
      this.#finished.reject(error);
    }
    this.#isWriting = false;
  }

  async #writeWaiting(): Promise<void> {
    const { deviceId, write, onPrinted, isDuplicate } = this.#options;
    const first = this.#printed + 1;
    const taken = this.#take();
    if (taken.length === 0) return;
    const printings = taken.map(({ delivery, connection, receivedAtMs }, index) => {
      const isAgain = isDuplicate(delivery, connection);
      const n = first + index;
      return { delivery, arrival: { n, receivedAtMs, deviceId, isDuplicate: isAgain } };
    });
    await write(printings);
    this.#printed += printings.length;
    for (const { delivery } of printings) onPrinted(delivery);
    this.#settle(printings);
    if (this.isComplete) {
      this.#isStopped = true;
      this.#finished.resolve();
    }
  }

  #take(): readonly Waiting[] {
    const { maxTogether, isSettled } = this.#options;
    const taken = this.#waiting.take(maxTogether);
    if (isSettled === undefined) return taken;
    const again = taken.filter(({ delivery, connection }) => isSettled(delivery, connection));
    this.#accepted -= again.length;
    this.#settle(again);
    return taken.filter((one) => !again.includes(one));
  }

  /** In printing order, without delaying the next messages. */
  #settle(printings: readonly Pick<Printing, "delivery">[]): void {
    const { settle } = this.#options;
    const settled = Promise.all(printings.map(({ delivery }) => settle(delivery))).finally(
      () => void this.#settling.delete(settled),
    );
    this.#settling.add(settled);
  }
}
