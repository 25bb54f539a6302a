import { unlessBefore } from "../../async/unless-before.ts";

/** A single promise to race against would hold on to every race until the connection ends. */
export class ConnectionEnd {
  readonly #waiting = new Set<(error: Error) => void>();
  #error: Error | undefined;

  /** Only the first call counts. */
  end(error: Error): void {
    this.#error ??= error;
    for (const reject of this.#waiting) reject(this.#error);
    this.#waiting.clear();
  }

  /** Calls back once, at once if the connection has ended. */
  onEnd(run: (error: Error) => void): void {
    if (this.#error) run(this.#error);
    else this.#waiting.add(run);
  }

  before<T>(promise: Promise<T>): Promise<T> {
    return unlessBefore(promise, (_, reject) => {
      if (this.#error) reject(this.#error);
      else this.#waiting.add(reject);
      return () => this.#waiting.delete(reject);
    });
  }
}
