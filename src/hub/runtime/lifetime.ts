/** A hub ends once, on request or after a failure. */

import type { Clock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";

/** Thrown by calls after the hub has stopped or is stopping. */
export class HubStoppedError extends Error {
  override readonly name = "HubStoppedError";

  constructor() {
    super("The local hub has stopped.");
  }
}

type CleanUpStep = () => void | Promise<void>;

export class Lifetime {
  readonly #stopped = createDeferred<void>();
  #cleanUp: readonly CleanUpStep[] = [];
  #stopping: Promise<void> | undefined;

  /** Rejects if the hub stopped because of a failure. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** The steps run in order, each even if an earlier one failed. */
  onStop(...cleanUp: readonly CleanUpStep[]): void {
    this.#cleanUp = cleanUp;
  }

  stop(): Promise<void> {
    this.#stopping ??= runAll(this.#cleanUp).then(this.#stopped.resolve, this.#stopped.reject);
    return this.#stopping;
  }

  fail(error: unknown): void {
    this.#stopped.reject(error);
    void this.stop();
  }
}

async function runAll(steps: readonly CleanUpStep[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

export class IdleWatch {
  readonly #clock: Clock;
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #cancel = () => {};
  #isWatching = false;
  #connections = 0;

  /** With `idleMs` undefined, the hub never counts as idle. */
  constructor(clock: Clock, idleMs: number | undefined, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** The time counts from now, even before the first client. */
  start(): void {
    this.#isWatching = true;
    this.update(this.#connections);
  }

  update(connections: number): void {
    this.#connections = connections;
    this.#cancel();
    if (!this.#isWatching || connections > 0 || this.#idleMs === undefined) return;
    this.#cancel = this.#clock.setTimer(this.#idleMs, this.#onIdle);
  }

  stop(): void {
    this.#isWatching = false;
    this.#cancel();
  }
}
