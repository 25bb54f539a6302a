/** A timer of any length, and one that can start anew. */

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  readonly #onPassed: () => void;

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed;
  }

  /** Starts, or starts anew. Undefined or 0 milliseconds: never passes. */
  start(ms: number | undefined): void {
    this.cancel();
    if (!ms) return;
    this.#timer =
      ms > MAX_TIMER_MS
        ? setTimeout(() => this.start(ms - MAX_TIMER_MS), MAX_TIMER_MS)
        : setTimeout(this.#onPassed, ms);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
