/** Time as the waiting loops of this folder see it: injected, so that tests move it. */

export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after so many milliseconds, or as soon as `signal` aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** Node fires a longer timer at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    let leftMs = ms;
    for (; leftMs > MAX_TIMER_MS && !signal.aborted; leftMs -= MAX_TIMER_MS) {
      await sleepOnce(MAX_TIMER_MS, signal);
    }
    await sleepOnce(leftMs, signal);
  },
};

function sleepOnce(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
