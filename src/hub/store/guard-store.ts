/** Effects that depend on a write wait until it is durable. */

import type { Store, StoreChange } from "./store.ts";

export interface GuardedStore extends Omit<Store, "keepsNothing" | "write"> {
  /**
   * All or none. Resolves once durable, in order. The changes are asked for at once, and only if
   * the store keeps them.
   */
  write(changes: () => readonly StoreChange[]): Promise<void>;
  /** Resolves once every write so far is durable. */
  durable(): Promise<void>;
  /**
   * Once every write so far is durable; never after a failed write. Acts run in the order of their
   * calls, never within this call, and must not throw.
   */
  onceDurable(act: () => void): void;
}

/**
 * Reports the first failed write. Memory is then ahead of the disk: the hub must stop, and no later
 * write counts as durable. Writers may ignore the promise.
 */
export function guardStore(store: Store, onFailure: (error: unknown) => void): GuardedStore {
  return store.keepsNothing ? guardVolatile(store) : guardDurable(store, onFailure);
}

function guardVolatile(store: Store): GuardedStore {
  const turns = new Turns();
  const done = Promise.resolve();
  return {
    load: () => store.load(),
    close: () => store.close(),
    write: () => done,
    durable: () => done,
    onceDurable: (act) => turns.add(act),
  };
}

function guardDurable(store: Store, onFailure: (error: unknown) => void): GuardedStore {
  const turns = new Turns();
  let last: Promise<void> = Promise.resolve();
  /** Writes with one promise become durable together. */
  let commit: { readonly written: Promise<void>; lastNumber: number } | undefined;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): never => {
    if (failure === undefined) {
      failure = { error };
      turns.end();
      onFailure(error);
    }
    throw failure.error;
  };
  return {
    load: () => store.load(),
    close: () => store.close(),
    write(describe: () => readonly StoreChange[]) {
      const changes = describe();
      if (changes.length === 0) return last;
      const lastNumber = turns.begin();
      const written = failure ? Promise.reject(failure.error) : store.write(changes);
      if (commit?.written === written) {
        commit.lastNumber = lastNumber;
        return last;
      }
      const own = { written, lastNumber };
      commit = own;
      // Acts run before callers that await the write continue.
      last = written.then(
        () => (failure ? fail(failure.error) : turns.reach(own.lastNumber)),
        fail,
      );
      last.catch(() => {});
      return last;
    },
    durable: () => last,
    onceDurable: (act) => turns.add(act),
  };
}

interface Turn {
  /** The number of the last write before it. */
  readonly after: number;
  readonly act: () => void;
}

class Turns {
  #waiting: Turn[] = [];
  #handedIn = 0;
  #durable = 0;
  #hasEnded = false;
  #isRunScheduled = false;

  begin(): number {
    this.#handedIn += 1;
    return this.#handedIn;
  }

  /** Writes become durable in order. */
  reach(number: number): void {
    this.#durable = number;
    this.#run();
  }

  add(act: () => void): void {
    if (this.#hasEnded) return;
    this.#waiting.push({ after: this.#handedIn, act });
    if (this.#durable < this.#handedIn || this.#isRunScheduled) return;
    this.#isRunScheduled = true;
    queueMicrotask(() => {
      this.#isRunScheduled = false;
      this.#run();
    });
  }

  /** A write has failed: acts that depend on it or follow it do not run. */
  end(): void {
    this.#hasEnded = true;
    this.#waiting = this.#waiting.filter(({ after }) => after <= this.#durable);
  }

  #run(): void {
    for (let ready = this.#takeReady(); ready.length > 0; ready = this.#takeReady()) {
      for (const { act } of ready) act();
    }
  }

  #takeReady(): Turn[] {
    const end = this.#waiting.findIndex(({ after }) => after > this.#durable);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }
}
