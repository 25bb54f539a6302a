import type { Store } from "../../src/hub/store/store.ts";

/** A store that keeps nothing, and whose writes can be held back. */
export class HeldStore implements Store {
  #held: (() => void)[] = [];
  #isHolding = false;

  /** Writes that are held back. */
  get waiting(): number {
    return this.#held.length;
  }

  /** From now on writes wait. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Lets all that wait through, in order, and what comes after them. */
  release(): void {
    this.#isHolding = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  write(): Promise<void> {
    if (!this.#isHolding) return Promise.resolve();
    return new Promise((resolve) => this.#held.push(resolve));
  }

  async *load() {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}
