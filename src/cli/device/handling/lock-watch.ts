import { Deadline } from "../../../async/deadline.ts";

export interface LockWatchOptions {
  /** Of the longest waiting message, in milliseconds since the epoch. */
  oldestMs(): number | undefined;
  lockTimeoutMs(): number;
  nowMs(): number;
  /** Called once, when it has waited for most of its lock. */
  onNear(): void;
}

/** MQTT pushes all that wait, and locks it: a slow command lets locks run out. */
export class LockWatch {
  readonly #options: LockWatchOptions;
  readonly #deadline = new Deadline(() => this.check());
  #hasWarned = false;

  constructor(options: LockWatchOptions) {
    this.#options = options;
  }

  /** Call when a message arrives. */
  check(): void {
    const { oldestMs, lockTimeoutMs, nowMs, onNear } = this.#options;
    const sinceMs = oldestMs();
    if (this.#hasWarned || sinceMs === undefined) return;
    const leftMs = sinceMs + lockTimeoutMs() * 0.8 - nowMs();
    if (leftMs > 0) {
      this.#deadline.start(leftMs);
    } else {
      this.#hasWarned = true;
      onNear();
    }
  }

  stop(): void {
    this.#hasWarned = true;
    this.#deadline.cancel();
  }
}
