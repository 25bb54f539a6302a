/** Node fires longer timers immediately. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The delay may exceed Node's maximum; the returned function cancels it. */
export function startTimer(delayMs: number, run: () => void): () => void {
  if (delayMs > MAX_TIMER_MS) return startLongTimer(delayMs, run);
  const timer = setTimeout(run, Math.max(delayMs, 0));
  return () => clearTimeout(timer);
}

function startLongTimer(delayMs: number, run: () => void): () => void {
  let cancel = startTimer(MAX_TIMER_MS, () => {
    cancel = startTimer(delayMs - MAX_TIMER_MS, run);
  });
  return () => cancel();
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
