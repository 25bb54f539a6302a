/** How long to wait before the next attempt. */

interface BackOffOptions {
  /** Upper bound of the first wait, in milliseconds; each further bound is twice the one before. */
  readonly firstMs: number;
  /** Upper bound of every wait, in milliseconds. */
  readonly maxMs: number;
  /** From 0 up to, not including, 1; default Math.random. */
  readonly random?: (() => number) | undefined;
}

/** Exponential with full jitter: anything from 0 to the bound, so that clients do not march in step. */
export class BackOff {
  readonly #options: BackOffOptions;
  #attempts = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

  /** The next wait in milliseconds. */
  nextMs(): number {
    const { firstMs, maxMs, random = Math.random } = this.#options;
    const bound = Math.min(maxMs, firstMs * 2 ** this.#attempts);
    this.#attempts += 1;
    return Math.round(random() * bound);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
