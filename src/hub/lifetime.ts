/** The end of a hub: it comes once, wanted or not, and whoever waits for it hears of it. */

import type { Clock } from "./clock.ts";

export class Lifetime {
  readonly stopped: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #cleanUp: () => Promise<void> = () => Promise.resolve();
  #stopping: Promise<void> | undefined;

  constructor() {
    this.stopped = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Who does not wait for the end need not hear of it.
    this.stopped.catch(() => {});
  }

  onStop(cleanUp: () => Promise<void>): void {
    this.#cleanUp = cleanUp;
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#cleanUp().then(this.#resolve, this.#reject);
    return this.#stopping;
  }

  /** Stops because something the hub cannot do without has failed. */
  fail(error: unknown): void {
    this.#reject(error);
    void this.stop();
  }
}

/** Says when nobody has been connected for long enough. */
export class IdleWatch {
  readonly #clock: Clock;
  readonly #idleMs: number | undefined;
  readonly #onIdle: () => void;
  #cancel = () => {};
  #isStopped = false;

  /** With `idleMs` undefined nothing is ever idle. It counts from now on, before the first client too. */
  constructor(clock: Clock, idleMs: number | undefined, onIdle: () => void) {
    this.#clock = clock;
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.update(0);
  }

  update(connections: number): void {
    this.#cancel();
    if (this.#isStopped || connections > 0 || this.#idleMs === undefined) return;
    this.#cancel = this.#clock.setTimer(this.#idleMs, this.#onIdle);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }
}
