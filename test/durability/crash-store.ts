import { createDeferred, type Deferred } from "../../src/async/deferred.ts";
import type { Store, StoreChange } from "../../src/hub/store/store.ts";

interface PendingWrite {
  readonly changes: readonly StoreChange[];
  readonly done: Deferred<void>;
}

/** A disk that writes on request; unwritten changes are lost in a crash. */
export class CrashStore {
  readonly #disk: Map<string, string>;
  readonly #pending: PendingWrite[] = [];
  #written = 0;

  constructor(disk: ReadonlyMap<string, string> = new Map()) {
    this.#disk = new Map(disk);
  }

  /** Number of requested writes. */
  get handedIn(): number {
    return this.#written + this.#pending.length;
  }

  /** Number of completed writes. */
  get written(): number {
    return this.#written;
  }

  /** What the hub sees. */
  asStore(): Store {
    const disk = this.#disk;
    return {
      async *load() {
        const keys = [...disk.keys()].sort();
        for (const key of keys) yield [key, JSON.parse(disk.get(key) ?? "")] as const;
      },
      write: (changes) => {
        const done = createDeferred<void>();
        this.#pending.push({ changes: JSON.parse(JSON.stringify(changes)), done });
        return done.promise;
      },
      close: () => Promise.resolve(),
    };
  }

  /** Completes this many of the oldest pending writes. */
  async flush(count = this.#pending.length): Promise<void> {
    for (const write of this.#pending.splice(0, count)) {
      this.#write(write.changes);
      write.done.resolve();
    }
    await settled();
  }

  /** Fails the oldest pending write. */
  async fail(error: unknown): Promise<void> {
    this.#pending.shift()?.done.reject(error);
    await settled();
  }

  /** The disk after a crash, with this many writes since the start. */
  crash(written: number): CrashStore {
    const survivor = new CrashStore(this.#disk);
    for (const { changes } of this.#pending.slice(0, written - this.#written)) {
      survivor.#apply(changes);
    }
    return survivor;
  }

  #write(changes: readonly StoreChange[]): void {
    this.#apply(changes);
    this.#written += 1;
  }

  #apply(changes: readonly StoreChange[]): void {
    for (const change of changes) {
      if (change.type === "delete") this.#disk.delete(change.key);
      else this.#disk.set(change.key, JSON.stringify(change.value));
    }
  }
}

/** Resolves once all pending promise callbacks have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
