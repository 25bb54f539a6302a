interface BackOffOptions {
  /** Upper bound of the first delay, in milliseconds; it doubles with each attempt. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** From 0 up to, not including, 1; default Math.random. */
  readonly random?: (() => number) | undefined;
}

/** With full jitter, from 0 to the bound, so that clients do not retry in step. */
export class BackOff {
  readonly #options: BackOffOptions;
  #attempts = 0;

  constructor(options: BackOffOptions) {
    this.#options = options;
  }

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
