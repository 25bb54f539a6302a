/** Writes that arrive during a sync share the next one. */

import { createDeferred, type Deferred } from "../../async/deferred.ts";
import type { StoreChange } from "./store.ts";

interface Group {
  /** The last of each key: a message that comes and goes within a commit needs no record. */
  readonly changes: Map<string, StoreChange>;
  readonly done: Deferred<void>;
}

export class GroupCommit {
  readonly #commit: (changes: Iterable<StoreChange>) => Promise<void>;
  #waiting: Group | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(commit: (changes: Iterable<StoreChange>) => Promise<void>) {
    this.#commit = commit;
  }

  /** After a failed commit no other is tried, since it could leave a gap. */
  write(changes: readonly StoreChange[]): Promise<void> {
    this.#waiting ??= { changes: new Map(), done: createDeferred() };
    for (const change of changes) this.#waiting.changes.set(change.key, change);
    const { promise } = this.#waiting.done;
    this.#running ??= this.#run();
    return promise;
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Starting one tick later lets all writes of this tick share the first group.
    await Promise.resolve();
    while (this.#waiting !== undefined) {
      const group = this.#waiting;
      this.#waiting = undefined;
      await this.#settle(group);
    }
    this.#running = undefined;
  }

  async #settle({ changes, done }: Group): Promise<void> {
    try {
      if (this.#failure) throw this.#failure.error;
      await this.#commit(changes.values());
      done.resolve();
    } catch (error) {
      this.#failure ??= { error };
      done.reject(error);
    }
  }
}
