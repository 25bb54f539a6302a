/** Writes to stdout in order without waiting for each write, but with bounded read-ahead. */

import { createDeferred } from "../../async/deferred.ts";
import type { Output } from "./output.ts";

const MAX_WAITING = 100;

export class OrderedWriter {
  readonly #stdout: Output;
  readonly #failed = createDeferred<never>();
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(stdout: Output) {
    this.#stdout = stdout;
  }

  /** Rejects when writing fails; never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  write(text: string): void {
    this.#waiting += 1;
    this.#last = this.#stdout
      .write(text)
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#failed.reject(error as Error);
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  /** @throws OutputError, OutputClosedError */
  async room(): Promise<void> {
    if (this.#waiting >= MAX_WAITING) await this.flush();
    else this.#throwFailure();
  }

  /** @throws OutputError, OutputClosedError */
  async flush(): Promise<void> {
    await this.#last;
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
