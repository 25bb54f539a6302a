/** Settles incoming deliveries, each with its own outcome. */

import type { AmqpError, Delivery } from "rhea";

export type Outcome =
  | { readonly type: "accepted" }
  | { readonly type: "rejected"; readonly error: AmqpError };

interface Pending {
  readonly delivery: Delivery;
  readonly outcome: Outcome;
}

/**
 * rhea gives deliveries with consecutive ids that are settled in one tick the outcome of the first.
 * So a tick settles a run of equal outcomes, and the next outcome waits for the next tick.
 */
export class Settler {
  #pending: Pending[] = [];
  #isScheduled = false;

  settle(delivery: Delivery, outcome: Outcome): void {
    this.#pending.push({ delivery, outcome });
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#settleRun());
  }

  #settleRun(): void {
    const isAccepted = this.#pending[0]?.outcome.type === "accepted";
    // Two rejections are equal only if their errors are: they go one by one.
    const end = isAccepted
      ? this.#pending.findIndex(({ outcome }) => outcome.type !== "accepted")
      : 1;
    const run = end < 0 ? this.#pending : this.#pending.slice(0, end);
    this.#pending = end < 0 ? [] : this.#pending.slice(end);
    for (const { delivery, outcome } of run) {
      if (outcome.type === "accepted") delivery.accept();
      else delivery.reject(outcome.error);
    }
    this.#isScheduled = this.#pending.length > 0;
    if (this.#isScheduled) setImmediate(() => this.#settleRun());
  }
}
