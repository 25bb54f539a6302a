import { WINDOW_SIZE } from "../receiving/duplicate-window.ts";

/** Counts messages for `--count`: each once, and only when it is settled. */
export class HandledCount {
  readonly #wanted: number;
  #admitted = 0;
  #settled = 0;
  /** Handled, but not settled: they count when they come again. */
  readonly #unsettled = new Set<string>();

  constructor(wanted = Number.POSITIVE_INFINITY) {
    this.#wanted = wanted;
  }

  get settled(): number {
    return this.#settled;
  }

  get isReached(): boolean {
    return this.#settled >= this.#wanted;
  }

  /** Whether it will count; undefined if there are enough. */
  admit(key: string, isAgain: boolean): boolean | undefined {
    if (isAgain && !this.#unsettled.has(key)) return false;
    if (this.#admitted >= this.#wanted) return undefined;
    this.#unsettled.delete(key);
    this.#admitted += 1;
    return true;
  }

  onSettled(): void {
    this.#settled += 1;
  }

  /** After `admit`. */
  onUnsettled(key: string): void {
    this.#admitted -= 1;
    this.#unsettled.add(key);
    const [oldest] = this.#unsettled;
    if (this.#unsettled.size > WINDOW_SIZE && oldest !== undefined) this.#unsettled.delete(oldest);
  }

  /** After `admit`, of what has not been handled. */
  onDropped(): void {
    this.#admitted -= 1;
  }
}
