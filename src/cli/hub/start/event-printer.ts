/** Prints hub events without ever blocking the hub; drops them if the reader is too slow. */

import { formatUtc } from "../../../core/encodings.ts";
import type { HubEvent } from "../../../hub/model/events.ts";
import { type Output, OutputError } from "../../terminal/output.ts";

/** Events handed to stdout that have not left this process. */
const MAX_WAITING = 1000;

interface EventPrinterOptions {
  readonly stdout: Output;
  /** With the current time as ISO text. */
  format(event: HubEvent, time: string): string;
  /** Called when the first event is dropped. */
  onDropped(reason: string): void;
}

export class EventPrinter {
  readonly #options: EventPrinterOptions;
  #waiting = 0;
  #hasDropped = false;

  constructor(options: EventPrinterOptions) {
    this.#options = options;
  }

  print(events: readonly HubEvent[]): void {
    const { format, stdout } = this.#options;
    if (this.#waiting >= MAX_WAITING) {
      this.#drop("stdout is read too slowly");
      return;
    }
    const time = formatUtc(Date.now());
    this.#waiting += events.length;
    stdout
      .write(events.map((event) => format(event, time)).join(""))
      .catch((error: unknown) => {
        if (error instanceof OutputError) this.#drop(error.message);
      })
      .finally(() => {
        this.#waiting -= events.length;
      });
  }

  #drop(reason: string): void {
    if (!this.#hasDropped) this.#options.onDropped(reason);
    this.#hasDropped = true;
  }
}
