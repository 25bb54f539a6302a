import type { Clock } from "../../async/clock.ts";

/** One that would fire too early is left: due times move with every message. */
interface Timer {
  readonly firesMs: number;
  readonly cancel: () => void;
  dueMs: number;
  wake: () => void;
}

export class Scheduler {
  readonly #clock: Clock;
  readonly #timers = new Map<string, Timer>();
  #isStopped = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces the timer with this name. `dueMs` is since the epoch; `undefined` only cancels. */
  schedule(name: string, dueMs: number | undefined, wake: () => void): void {
    const current = this.#timers.get(name);
    if (current !== undefined && dueMs !== undefined && current.firesMs <= dueMs) {
      current.dueMs = dueMs;
      current.wake = wake;
      return;
    }
    current?.cancel();
    this.#timers.delete(name);
    if (dueMs === undefined || this.#isStopped) return;
    const cancel = this.#clock.setTimer(dueMs - this.#clock.nowMs(), () => this.#fire(name));
    this.#timers.set(name, { firesMs: dueMs, dueMs, wake, cancel });
  }

  #fire(name: string): void {
    const timer = this.#timers.get(name);
    if (timer === undefined) return;
    this.#timers.delete(name);
    if (timer.dueMs > timer.firesMs) this.schedule(name, timer.dueMs, timer.wake);
    else timer.wake();
  }

  /** Permanently: connections that end later still change due times. */
  stop(): void {
    this.#isStopped = true;
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }
}
