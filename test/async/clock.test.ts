import { afterEach, describe, expect, it, vi } from "vitest";
import { sleep, systemClock } from "../../src/async/clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

const DAY_MS = 86_400_000;

it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 30 * DAY_MS])("sleeps for %i ms, not less", async (ms) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isAwake = false;
  const sleeping = sleep(systemClock, ms, new AbortController().signal).then(() => {
    isAwake = true;
  });
  if (ms > 0) await vi.advanceTimersByTimeAsync(ms - 1);
  expect(isAwake).toBe(false);
  await vi.advanceTimersByTimeAsync(ms > 0 ? 1 : 0);
  await sleeping;
});

it.each([1000, 30 * DAY_MS])("stops sleeping for %i ms when it is aborted", async (ms) => {
  const controller = new AbortController();
  const sleeping = sleep(systemClock, ms, controller.signal);
  controller.abort();
  await sleeping;
  await sleep(systemClock, ms, controller.signal);
});

describe("the system clock", () => {
  it("supports delays beyond setTimeout's limit (a token may be valid for a year)", () => {
    vi.useFakeTimers();
    const run = vi.fn<() => void>();
    const yearMs = 365 * 24 * 60 * 60 * 1000;
    systemClock.setTimer(yearMs, run);
    vi.advanceTimersByTime(yearMs - 1);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it("can cancel such a delay at any time", () => {
    vi.useFakeTimers();
    const cancel = systemClock.setTimer(2 ** 31 + 1000, () => expect.unreachable());
    vi.advanceTimersByTime(2 ** 31);
    cancel();
    expect(vi.getTimerCount()).toBe(0);
  });
});
