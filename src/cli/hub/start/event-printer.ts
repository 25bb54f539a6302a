/** Prints hub events without ever blocking the hub; drops them if the reader is too slow. */

import { type Output, OutputError } from "../../terminal/output.ts";

const MAX_WAITING = 1000;

export class EventPrinter {
  readonly #stdout: Output;
  readonly #onDropped: (reason: string) => void;
  #waiting = 0;
  #hasDropped = false;

  /** @param onDropped Called when the first event is dropped. */
  constructor(stdout: Output, onDropped: (reason: string) => void) {
    this.#stdout = stdout;
    this.#onDropped = onDropped;
  }

  print(line: string): void {
    if (this.#waiting >= MAX_WAITING) {
      this.#drop("stdout is read too slowly");
      return;
    }
    this.#waiting += 1;
    this.#stdout
      .write(line)
      .catch((error: unknown) => {
        if (error instanceof OutputError) this.#drop(error.message);
      })
      .finally(() => {
        this.#waiting -= 1;
      });
  }

  #drop(reason: string): void {
    if (!this.#hasDropped) this.#onDropped(reason);
    this.#hasDropped = true;
  }
}
