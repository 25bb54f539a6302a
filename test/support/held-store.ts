import type { Store } from "../../src/hub/store/store.ts";

/** A store that keeps nothing, and whose writes can be delayed. */
export class HeldStore implements Store {
  #held: (() => void)[] = [];
  #isHolding = false;

  /** Delayed writes. */
  get waiting(): number {
    return this.#held.length;
  }

  /** From now on writes wait. */
  hold(): void {
    this.#isHolding = true;
  }

  /** Completes the held writes, in order, and later ones at once. */
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
