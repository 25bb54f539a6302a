import type { AmqpError, Delivery } from "rhea";

export type Outcome =
  | { readonly type: "accepted" }
  | { readonly type: "rejected"; readonly error: AmqpError };

interface Pending {
  readonly isAccepted: boolean;
  readonly settle: () => void;
}

/**
 * rhea applies the first outcome to all consecutive deliveries that are settled in one tick. So a
 * tick settles a run of accepted ones, or one other: rejections are equal only if their errors are.
 */
export class Settler {
  #pending: Pending[] = [];
  #isScheduled = false;

  settle(delivery: Delivery, outcome: Outcome): void {
    if (outcome.type === "accepted") this.#add(true, () => delivery.accept());
    else this.#add(false, () => delivery.reject(outcome.error));
  }

  /** Settles one delivery that the hub has sent, in a tick of its own. */
  inTurn(settle: () => void): void {
    this.#add(false, settle);
  }

  #add(isAccepted: boolean, settle: () => void): void {
    this.#pending.push({ isAccepted, settle });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#settleRun());
  }

  #settleRun(): void {
    const end = this.#pending[0]?.isAccepted
      ? this.#pending.findIndex(({ isAccepted }) => !isAccepted)
      : 1;
    const run = end < 0 ? this.#pending : this.#pending.slice(0, end);
    this.#pending = end < 0 ? [] : this.#pending.slice(end);
    for (const { settle } of run) settle();
    this.#isScheduled = this.#pending.length > 0;
    if (this.#isScheduled) setImmediate(() => this.#settleRun());
  }
}
