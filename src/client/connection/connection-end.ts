/** The end of a connection, for everything that waits on the connection meanwhile. */

/**
 * Not one promise raced by all: it would remember every race for as long as the connection lives.
 */
export class ConnectionEnd {
  readonly #waiting = new Set<(error: Error) => void>();
  #error: Error | undefined;

  /** Rejects everything that waits, and whatever will; only the first call counts. */
  end(error: Error): void {
    this.#error ??= error;
    for (const reject of this.#waiting) reject(this.#error);
    this.#waiting.clear();
  }

  /** Settles as `promise` does, or rejects with the error of the end if that comes first. */
  async before<T>(promise: Promise<T>): Promise<T> {
    if (this.#error) {
      promise.catch(() => {});
      throw this.#error;
    }
    let stopWaiting = (): void => {};
    const ended = new Promise<never>((_, reject) => {
      this.#waiting.add(reject);
      stopWaiting = () => this.#waiting.delete(reject);
    });
    try {
      return await Promise.race([promise, ended]);
    } finally {
      stopWaiting();
    }
  }
}
