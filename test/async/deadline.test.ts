import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline } from "../../src/async/deadline.ts";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("fires once, after its duration", () => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(100);
  vi.advanceTimersByTime(99);
  expect(onPassed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(onPassed).toHaveBeenCalledOnce();
});

test("supports durations beyond Node's maximum timer", () => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(60 * DAY_MS);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(onPassed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onPassed).toHaveBeenCalledOnce();
});

test.each([undefined, 0])("%s never fires", (ms) => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(ms);
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(onPassed).not.toHaveBeenCalled();
});

test("restarting and cancelling discard the previous deadline", () => {
  const onPassed = vi.fn();
  const deadline = new Deadline(onPassed);
  deadline.start(100);
  vi.advanceTimersByTime(90);
  deadline.start(100);
  vi.advanceTimersByTime(90);
  expect(onPassed).not.toHaveBeenCalled();
  deadline.cancel();
  vi.advanceTimersByTime(1000);
  expect(onPassed).not.toHaveBeenCalled();
});
