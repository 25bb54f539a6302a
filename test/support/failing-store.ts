import type { Store } from "../../src/hub/store/store.ts";

/** A store that stores nothing, and fails to write records whose keys start with this. */
export function createFailingStore(prefix: string): Store {
  return {
    async *load() {},
    async write(changes) {
      if (changes.some(({ key }) => key.startsWith(prefix))) throw new Error("disk full");
    },
    async close() {},
  };
}
