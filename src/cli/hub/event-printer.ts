/** Prints events for as long as somebody reads them, and never holds up the hub. */

import type { Output } from "../output.ts";

/** Lines that may wait for a slow reader. */
const MAX_WAITING = 1000;

export class EventPrinter {
  readonly #stdout: Output;
  readonly #onDropped: () => void;
  #waiting = 0;
  #hasDropped = false;

  constructor(stdout: Output, onDropped: () => void) {
    this.#stdout = stdout;
    this.#onDropped = onDropped;
  }

  print(line: string): void {
    if (this.#waiting >= MAX_WAITING) {
      if (!this.#hasDropped) this.#onDropped();
      this.#hasDropped = true;
      return;
    }
    this.#waiting += 1;
    this.#stdout
      .write(line)
      .catch(() => {})
      .finally(() => {
        this.#waiting -= 1;
      })
      .catch(() => {});
  }
}
