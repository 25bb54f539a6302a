import { escapeLine } from "./escape.ts";
import type { Output } from "./output.ts";

/** Also the delay before the line first appears. */
const REFRESH_MS = 250;

const DEFAULT_COLUMNS = 80;
const ERASE_LINE = "\r\u001b[2K";

export type DescribeProgress = () => string | undefined;

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
