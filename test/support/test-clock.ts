import { type Clock, ManualClock } from "../../src/hub/runtime/clock.ts";

/** A manual clock that knows how many of its timers are set. */
export class TestClock implements Clock {
  readonly #clock: ManualClock;
  #liveTimers = 0;

  constructor(startMs?: number) {
    this.#clock = new ManualClock(startMs);
  }

  get liveTimers(): number {
    return this.#liveTimers;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  setTimer(delayMs: number, run: () => void): () => void {
    let isLive = true;
    const end = (): void => {
      if (isLive) this.#liveTimers--;
      isLive = false;
    };
    this.#liveTimers++;
    const cancel = this.#clock.setTimer(delayMs, () => {
      end();
      run();
    });
    return () => {
      end();
      cancel();
    };
  }

  advance(byMs: number): void {
    this.#clock.advance(byMs);
  }
}
