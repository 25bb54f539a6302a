import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeadlinePassedError } from "../../../src/async/within.ts";
import { PendingAnswers } from "../../../src/client/connection/pending-answers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("an answer is passed on once, and leaves no timer", () => {
  const answers = new PendingAnswers(1000);
  const results: unknown[] = [];
  const [first, second] = ["a", "b"].map((name) =>
    answers.add((error) => results.push([name, error])),
  );
  const refusal = new Error("refused");
  second?.(refusal);
  first?.();
  second?.();
  expect(results).toEqual([
    ["b", refusal],
    ["a", undefined],
  ]);
  expect(vi.getTimerCount()).toBe(0);
});

test("each times out on its own, in the order they were added", async () => {
  const answers = new PendingAnswers(1000);
  const timedOut: [string, number][] = [];
  const add = (name: string) =>
    answers.add((error) => {
      expect(error).toBeInstanceOf(DeadlinePassedError);
      timedOut.push([name, performance.now() - startMs]);
    });
  const startMs = performance.now();
  add("a");
  await vi.advanceTimersByTimeAsync(400);
  add("b");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(timedOut).toEqual([
    ["a", 1000],
    ["b", 1400],
  ]);
});

test("one that was answered does not shorten the time of the next", async () => {
  const answers = new PendingAnswers(1000);
  const done = vi.fn();
  const first = answers.add(() => {});
  await vi.advanceTimersByTimeAsync(900);
  answers.add(done);
  first();
  await vi.advanceTimersByTimeAsync(999);
  expect(done).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(done).toHaveBeenCalledOnce();
});

test("all end together, with what is added meanwhile", () => {
  const answers = new PendingAnswers(1000);
  const errors: unknown[] = [];
  const lost = new Error("lost");
  answers.add((error) => {
    errors.push(error);
    if (errors.length < 3) answers.add((again) => errors.push(again));
  });
  answers.endAll(lost);
  expect(errors).toEqual([lost, lost]);
  expect(vi.getTimerCount()).toBe(0);
});
