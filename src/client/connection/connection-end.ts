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
