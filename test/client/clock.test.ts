import { afterEach, expect, it, vi } from "vitest";
import { systemClock } from "../../src/async/clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 86_400_000;

it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS])(
  "sleeps for %i ms, and no shorter",
  async (ms) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let isAwake = false;
    const sleep = systemClock.sleep(ms, new AbortController().signal).then(() => {
      isAwake = true;
    });
    if (ms > 0) await vi.advanceTimersByTimeAsync(ms - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(ms > 0 ? 1 : 0);
    await sleep;
  },
);

it.each([1000, 30 * DAY_MS])("wakes from %i ms when told to", async (ms) => {
  const controller = new AbortController();
  const sleep = systemClock.sleep(ms, controller.signal);
  controller.abort();
  await sleep;
  await systemClock.sleep(ms, controller.signal);
});
