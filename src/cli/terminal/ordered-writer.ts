/** Writes to stdout without waiting for each, but no further ahead than its reader allows. */

import type { Output } from "./output.ts";

/** Texts that may be on their way. */
const MAX_WAITING = 100;

export class OrderedWriter {
  /** Rejects when writing fails; never resolves. */
  readonly failed: Promise<never>;
  readonly #stdout: Output;
  #reject!: (error: unknown) => void;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(stdout: Output) {
    this.#stdout = stdout;
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
  }

  write(text: string): void {
    this.#waiting += 1;
    this.#last = this.#stdout
      .write(text)
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#reject(error);
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /**
   * Resolves when there is room for more.
   *
   * @throws OutputError, OutputClosedError
   */
  async room(): Promise<void> {
    if (this.#waiting >= MAX_WAITING) await this.flush();
    else this.#throwFailure();
  }

  /**
   * Resolves when everything is out.
   *
   * @throws OutputError, OutputClosedError
   */
  async flush(): Promise<void> {
    await this.#last;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
