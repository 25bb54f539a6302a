import { setImmediate as nextTurn } from "node:timers/promises";

type Outcome = "complete" | "abandon" | "reject" | "release";

interface Pending {
  readonly outcome: Outcome;
  readonly settle: () => void;
}

/**
 * rhea gives deliveries with consecutive ids that are settled in one tick the outcome of the first.
 * So each turn of the event loop settles one run of equal outcomes, in the order requested.
 */
export class SettlementOrder {
  #pending: Pending[] = [];
  #turn: Promise<void> | undefined;

  add(outcome: Outcome, settle: () => void): void {
    this.#pending.push({ outcome, settle });
    this.#turn ??= this.#settleAll();
  }

  async settled(): Promise<void> {
    await this.#turn;
  }

  async #settleAll(): Promise<void> {
    await nextTurn();
    while (this.#pending.length > 0) {
      for (const { settle } of this.#takeRun()) settle();
      await nextTurn();
    }
    this.#turn = undefined;
  }

  #takeRun(): Pending[] {
    const first = this.#pending[0]?.outcome;
    const end = this.#pending.findIndex(({ outcome }) => outcome !== first);
    return this.#pending.splice(0, end < 0 ? this.#pending.length : end);
  }
}
