import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadline } from "../../src/async/deadline.ts";

const DAY_MS = 86_400_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("passes after its time, once", () => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(100);
  vi.advanceTimersByTime(99);
  expect(onPassed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(onPassed).toHaveBeenCalledOnce();
});

test("holds for longer than one timer of Node's can", () => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(60 * DAY_MS);
  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(onPassed).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onPassed).toHaveBeenCalledOnce();
});

test.each([undefined, 0])("%s never passes", (ms) => {
  const onPassed = vi.fn();
  new Deadline(onPassed).start(ms);
  vi.advanceTimersByTime(60 * DAY_MS);
  expect(onPassed).not.toHaveBeenCalled();
});

test("starting anew and cancelling forget the time before", () => {
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
