/** One line on a terminal that is written over and over, and leaves nothing behind. */

import { escapeLine } from "./escape.ts";
import type { Output } from "./output.ts";

/** Soon enough to look alive, seldom enough to cost nothing; what is done before it shows none. */
const REFRESH_MS = 250;

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = "\r\u001b[2K";

/** What the line says now; undefined for nothing. */
export type DescribeProgress = () => string | undefined;

/** Whoever writes to the same terminal calls `hide` before; the next refresh shows the line again. */
export class ProgressLine {
  readonly #stderr: Output;
  readonly #isEnabled: boolean;
  #describe: DescribeProgress | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isShown = false;

  constructor(stderr: Output, isEnabled: boolean) {
    this.#stderr = stderr;
    this.#isEnabled = isEnabled;
  }

  /** Shows what `describe` says until `stop`, or until another `start`. */
  start(describe: DescribeProgress): void {
    if (!this.#isEnabled) return;
    this.stop();
    this.#describe = describe;
    this.#timer = setInterval(() => this.#refresh(), REFRESH_MS);
    this.#timer.unref();
  }

  hide(): void {
    if (!this.#isShown) return;
    this.#isShown = false;
    this.#write(ERASE_LINE);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#describe = undefined;
    this.hide();
  }

  #refresh(): void {
    const text = this.#describe?.();
    if (text === undefined) {
      this.hide();
      return;
    }
    // A line that wraps could not be erased.
    const columns = (this.#stderr.columns ?? DEFAULT_COLUMNS) - 1;
    this.#isShown = true;
    this.#write(`${ERASE_LINE}${escapeLine(text).slice(0, columns)}`);
  }

  #write(text: string): void {
    this.#stderr.write(text).catch(() => {});
  }
}
