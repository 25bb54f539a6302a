import type { Clock } from "../../async/clock.ts";

export class Scheduler {
  readonly #clock: Clock;
  readonly #cancels = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces the timer with this name. `dueMs` is since the epoch; `undefined` only cancels. */
  schedule(name: string, dueMs: number | undefined, wake: () => void): void {
    const current = this.#cancels.get(name);
    if (current !== undefined && current.dueMs === dueMs) return;
    current?.cancel();
    this.#cancels.delete(name);
    if (dueMs === undefined || this.#isStopped) return;
    const cancel = this.#clock.setTimer(dueMs - this.#clock.nowMs(), () => {
      this.#cancels.delete(name);
      wake();
    });
    this.#cancels.set(name, { dueMs, cancel });
  }

  /** Permanently: connections that end later still change due times. */
  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
