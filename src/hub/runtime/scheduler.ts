/** Wakes the core when something is due: one timer for each named thing. */

import type { Clock } from "../../async/clock.ts";

export class Scheduler {
  readonly #clock: Clock;
  readonly #cancels = new Map<string, { readonly dueMs: number; readonly cancel: () => void }>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs `wake` once the time has come, replacing what was set under this name; `undefined` only
   * takes it back. `dueMs` is in milliseconds since the epoch.
   */
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

  /** For good: connections that end later still change what is due. */
  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#cancels.values()) cancel();
    this.#cancels.clear();
  }
}
