import { startTimer } from "../../../async/deadline.ts";

/** A write that takes longer is blocked. */
const WRITE_MS = 20;

/** A deadline for a command, which stands still while a write of its output is blocked. */
export class CommandClock {
  #deadlineMs = 0;
  #onPassed = (): void => {};
  #cancel = (): void => {};
  #writing = 0;
  /** Up to when blocked writes have moved the deadline. */
  #countedMs = 0;

  /** Starts or restarts. */
  start(ms: number, onPassed: () => void): void {
    this.#deadlineMs = performance.now() + ms;
    this.#onPassed = onPassed;
    this.#wait();
  }

  stop(): void {
    this.#onPassed = () => {};
    this.#deadlineMs = 0;
    this.#cancel();
  }

  async during(write: () => Promise<void>): Promise<void> {
    const startedMs = performance.now();
    this.#writing += 1;
    try {
      await write();
    } finally {
      this.#writing -= 1;
      const nowMs = performance.now();
      const sinceMs = Math.max(startedMs + WRITE_MS, this.#countedMs);
      if (nowMs > sinceMs) {
        this.#deadlineMs += nowMs - sinceMs;
        this.#countedMs = nowMs;
      }
      this.#wait();
    }
  }

  #wait(): void {
    this.#cancel();
    const leftMs = this.#deadlineMs - performance.now();
    if (leftMs > 0) this.#cancel = startTimer(leftMs, () => this.#wait());
    else if (this.#writing === 0) this.#onPassed();
  }
}
