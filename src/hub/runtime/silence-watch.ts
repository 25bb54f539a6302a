import type { Clock } from "../../async/clock.ts";

/** Calls `onSilent` after a time without a sign of life. One is cheap: it sets no timer. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #onSilent: () => void;
  #allowedMs = 0;
  #lastHeardMs = 0;
  #cancel = () => {};

  constructor(clock: Clock, onSilent: () => void) {
    this.#clock = clock;
    this.#onSilent = onSilent;
  }

  start(allowedMs: number): void {
    this.#allowedMs = allowedMs;
    this.hear();
    this.#cancel();
    this.#watch(allowedMs);
  }

  hear(): void {
    this.#lastHeardMs = this.#clock.nowMs();
  }

  stop(): void {
    this.#cancel();
  }

  #watch(ms: number): void {
    this.#cancel = this.#clock.setTimer(ms, () => {
      const leftMs = this.#lastHeardMs + this.#allowedMs - this.#clock.nowMs();
      if (leftMs > 0) this.#watch(leftMs);
      else this.#onSilent();
    });
  }
}
