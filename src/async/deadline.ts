/** Node fires longer timers immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The delay may exceed Node's maximum; the returned function cancels it. */
export function startTimer(delayMs: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (leftMs: number): void => {
    const partMs = Math.min(Math.max(leftMs, 0), MAX_TIMER_MS);
    timer = setTimeout(() => (leftMs > partMs ? arm(leftMs - partMs) : run()), partMs);
  };
  arm(delayMs);
  return () => clearTimeout(timer);
}

export class Deadline {
  #cancel = (): void => {};
  readonly #onPassed: () => void;

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed;
  }

  /** Starts or restarts. Undefined or 0 milliseconds: never passes. */
  start(ms: number | undefined): void {
    this.cancel();
    if (ms) this.#cancel = startTimer(ms, this.#onPassed);
  }

  cancel(): void {
    this.#cancel();
  }
}
