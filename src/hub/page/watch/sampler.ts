import type { Sample } from "../page-types.ts";

/** Lets a burst through, and then so many a second; counts what it does not. */
export class Sampler {
  readonly #burst: number;
  readonly #perMs: number;
  #tokens: number;
  #filledMs: number;
  #shown = 0;
  #total = 0;

  constructor(limits: { readonly burst: number; readonly perSecond: number }, nowMs: number) {
    this.#burst = limits.burst;
    this.#perMs = limits.perSecond / 1000;
    this.#tokens = limits.burst;
    this.#filledMs = nowMs;
  }

  /** Whether this one is shown. */
  admit(): boolean {
    this.#total += 1;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.#shown += 1;
    return true;
  }

  /** Since the last call; undefined if all was shown. */
  take(nowMs: number): Sample | undefined {
    const sample = { shown: this.#shown, total: this.#total };
    this.#shown = 0;
    this.#total = 0;
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#filledMs) * this.#perMs);
    this.#filledMs = nowMs;
    return sample.shown < sample.total ? sample : undefined;
  }
}
