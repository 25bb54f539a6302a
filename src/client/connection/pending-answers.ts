import { DeadlinePassedError } from "../../async/within.ts";

export type Done = (error?: Error | null) => void;

/**
 * What the hub has not answered yet. All of it may take equally long, so one timer, for the oldest,
 * is enough: a timer and a promise for each message would be a tenth of its cost.
 */
export class PendingAnswers {
  readonly #timeoutMs: number;
  /** When each times out, oldest first. */
  readonly #dueMs = new Map<Done, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** A callback whose first call is passed on to `done`, unless `done` was called before it. */
  add(done: Done): Done {
    const settle: Done = (error) => {
      if (!this.#dueMs.delete(settle)) return;
      if (this.#dueMs.size === 0) this.#stopTimer();
      done(error);
    };
    this.#dueMs.set(settle, performance.now() + this.#timeoutMs);
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
    return settle;
  }

  endAll(error: Error): void {
    for (const settle of this.#dueMs.keys()) settle(error);
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const [settle, dueMs] of this.#dueMs) {
      // Timers may be early by a fraction of a millisecond.
      const leftMs = Math.ceil(dueMs - nowMs);
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.#expire(), leftMs);
        return;
      }
      settle(new DeadlinePassedError(this.#timeoutMs));
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
