import type { Store } from "./store.ts";

/** Keeps nothing: for a hub that lives in memory, whose state is gone when it stops. */
export function createMemoryStore(): Store {
  return {
    async *load() {},
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
