import { ManualClock } from "../../src/async/clock.ts";

/** A manual clock that counts its timers. */
export class TestClock extends ManualClock {
  readonly #dueMs = new Map<symbol, number>();

  get liveTimers(): number {
    return this.#dueMs.size;
  }

  override setTimer(delayMs: number, run: () => void): () => void {
    const timer = Symbol("timer");
    this.#dueMs.set(timer, this.nowMs() + Math.max(delayMs, 0));
    const cancel = super.setTimer(delayMs, () => {
      this.#dueMs.delete(timer);
      run();
    });
    return () => {
      this.#dueMs.delete(timer);
      cancel();
    };
  }

  /** Like `advance`, but waits for pending work before each timer. */
  async pass(byMs: number): Promise<void> {
    await atRest();
    const untilMs = this.nowMs() + byMs;
    for (;;) {
      const nextMs = Math.min(...this.#dueMs.values());
      if (nextMs > untilMs) break;
      this.advance(nextMs - this.nowMs());
      await atRest();
    }
    this.advance(untilMs - this.nowMs());
  }
}

/** Resolves once every promise has settled that can settle without time passing. */
export async function atRest(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
