import type { Store } from "./store.ts";

/** Stores nothing: for a hub in memory, whose state is lost when it stops. */
export function createMemoryStore(): Store {
  return {
    keepsNothing: true,
    async *load() {},
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
