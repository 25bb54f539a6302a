import { startTimer } from "../../../async/deadline.ts";
import type { Delivery } from "../../../client/connection/device-connection.ts";

/** Beyond, the oldest ones go back early: an AMQP session holds at most 2,048. */
const MAX_WAITING = 1000;

const FIRST_DELAY_MS = 1000;

/**
 * Messages whose command has failed, with `--on-exec-failure abandon`: the hub would deliver each
 * again at once, and dead-letter it within a second. Other messages come meanwhile.
 */
export class DelayedReturns {
  /** In the order of failure; to what cancels its timer. */
  readonly #waiting = new Map<Delivery, () => void>();
  #isHeld = false;

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /**
   * @param failures How often its command has failed; the delay doubles with each.
   * @param maxDelayMs While it is locked.
   */
  async add(delivery: Delivery, failures: number, maxDelayMs: number): Promise<void> {
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), maxDelayMs);
    const cancel = this.#isHeld ? () => {} : startTimer(delayMs, () => void this.#return(delivery));
    this.#waiting.set(delivery, cancel);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > MAX_WAITING && oldest) void this.#return(oldest);
    // Makes room for other messages.
    await delivery.settle("none");
  }

  /** From now on, `returnAll` alone returns them. */
  hold(): void {
    this.#isHeld = true;
    this.#cancelAll();
  }

  /** The connection is lost, and their locks with it. */
  drop(): void {
    this.#cancelAll();
    this.#waiting.clear();
  }

  /** Call once receiving has stopped, or they come again. */
  async returnAll(): Promise<void> {
    await Promise.all([...this.#waiting.keys()].map((delivery) => this.#return(delivery)));
  }

  #cancelAll(): void {
    for (const cancel of this.#waiting.values()) cancel();
  }

  async #return(delivery: Delivery): Promise<void> {
    this.#waiting.get(delivery)?.();
    this.#waiting.delete(delivery);
    // Otherwise it comes again, too: its lock has expired.
    await delivery.settle("abandon").catch(() => {});
  }
}
