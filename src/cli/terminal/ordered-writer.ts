/**
 * Writes to stdout in order without waiting for each write, but with bounded read-ahead. What one
 * tick of the event loop brings is one write, except on a terminal, where a progress line may follow.
 */

import { createDeferred } from "../../async/deferred.ts";
import { Gatherer } from "../../async/gatherer.ts";
import type { Output } from "./output.ts";

const MAX_WAITING = 100;

export class OrderedWriter {
  readonly #stdout: Output;
  readonly #gathered = new Gatherer<string>((texts) => this.#write(texts));
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
    if (this.#stdout.isTTY) this.#write([text]);
    else this.#gathered.add(text);
  }

  /**
   * Undefined if there is room.
   *
   * @throws OutputError, OutputClosedError
   */
  room(): Promise<void> | undefined {
    this.#throwFailure();
    return this.#waiting >= MAX_WAITING ? this.flush() : undefined;
  }

  /** @throws OutputError, OutputClosedError */
  async flush(): Promise<void> {
    this.#gathered.flush();
    await this.#last;
    this.#throwFailure();
  }

  #write(texts: readonly string[]): void {
    this.#last = this.#stdout
      .write(texts.join(""))
      .catch((error: unknown) => {
        this.#failure ??= { error };
        this.#failed.reject(error as Error);
      })
      .finally(() => {
        this.#waiting -= texts.length;
      });
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
