import { startTimer } from "./deadline.ts";

export interface Clock {
  /** Milliseconds since the epoch, UTC. */
  nowMs(): number;
  /** Runs once after the delay, whatever its length; the returned function cancels it. */
  setTimer(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = { nowMs: () => Date.now(), setTimer: startTimer };

/** A clock that only moves when advanced. */
export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(startMs = Date.now()) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(delayMs, 0), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Advances by `byMs` milliseconds, running timers in due order. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** Resolves early, without an error, when `signal` aborts. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = clock.setTimer(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}
