import { createDeferred, type Deferred } from "../../src/async/deferred.ts";

/** Received items, in order, for tests to await one by one. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: Deferred<T>[] = [];
  #end: Error | undefined;

  push(item: T): void {
    const next = this.#waiting.shift();
    if (next) next.resolve(item);
    else this.#items.push(item);
  }

  /** Ends the inbox: pending waits reject with this reason. */
  end(reason: string): void {
    this.#end ??= new Error(reason);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }

  next(): Promise<T> {
    const [item] = this.#items.splice(0, 1);
    if (item !== undefined) return Promise.resolve(item);
    if (this.#end) return Promise.reject(this.#end);
    const next = createDeferred<T>();
    this.#waiting.push(next);
    return next.promise;
  }

  async take(count: number): Promise<T[]> {
    const taken: T[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** The first match; items before it are dropped. */
  async until(fits: (item: T) => boolean): Promise<T> {
    for (;;) {
      const item = await this.next();
      if (fits(item)) return item;
    }
  }
}
