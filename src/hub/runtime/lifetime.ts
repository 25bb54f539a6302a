/** The end of a hub: it comes once, wanted or not, and whoever waits for it hears of it. */

import type { Clock } from "../../async/clock.ts";
import { createDeferred } from "../../async/deferred.ts";

/** A call came after the hub was stopped, or had to stop. */
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

  /** Rejects when the hub had to stop. */
  get stopped(): Promise<void> {
    return this.#stopped.promise;
  }

  /** True from the moment somebody wanted the end. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** The steps are taken in turn, each of them even when one before it has failed. */
  onStop(...cleanUp: readonly CleanUpStep[]): void {
    this.#cleanUp = cleanUp;
  }

  stop(): Promise<void> {
    this.#stopping ??= runAll(this.#cleanUp).then(this.#stopped.resolve, this.#stopped.reject);
    return this.#stopping;
  }

  /** Stops because something the hub cannot do without has failed. */
  fail(error: unknown): void {
    this.#stopped.reject(error);
    void this.stop();
  }
}

/** @throws what the first step to fail threw. */
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

/** Says when nobody has been connected for long enough. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #cancel = () => {};
  #isWatching = false;
  #connections = 0;

  /** With `idleMs` undefined nothing is ever idle. */
  constructor(clock: Clock, idleMs: number | undefined, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** The time counts from now on, before the first client too. */
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
