import type { Store } from "./store.ts";

/**
 * A store whose first failed write is reported. Memory is then ahead of the disk, so the hub has to
 * end; writers may leave the promise alone.
 */
export function guardStore(store: Store, onFailure: (error: unknown) => void): Store {
  let hasFailed = false;
  return {
    load: () => store.load(),
    close: () => store.close(),
    write(changes) {
      if (changes.length === 0) return Promise.resolve();
      const durable = store.write(changes);
      durable.catch((error: unknown) => {
        if (hasFailed) return;
        hasFailed = true;
        onFailure(error);
      });
      return durable;
    },
  };
}
