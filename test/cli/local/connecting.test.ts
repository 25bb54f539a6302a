import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createDeferred } from "../../../src/async/deferred.ts";
import { whileConnecting } from "../../../src/cli/local/connecting.ts";
import type { Context } from "../../../src/cli/program/run-program.ts";
import type { DescribeProgress } from "../../../src/cli/terminal/progress-line.ts";
import type { Reporter } from "../../../src/cli/terminal/reporter.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** What a terminal would show, polled by the test. */
function fakeReporter() {
  let describe: DescribeProgress | undefined;
  const reporter = {
    progress: (next: DescribeProgress) => {
      describe = next;
    },
    endProgress: () => {
      describe = undefined;
    },
  } as unknown as Reporter;
  const context = { reporter } as unknown as Context;
  return { context, shown: () => describe?.() };
}

test("waiting for a slow hub is shown after one second", async () => {
  const { context, shown } = fakeReporter();
  const answer = createDeferred<string>();
  const connecting = whileConnecting("h\u001b.example", context, () => answer.promise);
  vi.advanceTimersByTime(900);
  expect(shown()).toBeUndefined();
  vi.advanceTimersByTime(2500);
  expect(shown()).toMatch(/^Waiting for h\S+example to respond, 3 s \.\.\.$/);
  expect(shown()).not.toContain("\u001b");
  answer.resolve("hello");
  expect(await connecting).toBe("hello");
  expect(shown()).toBeUndefined();
});

test("the progress line is erased when connecting fails", async () => {
  const { context, shown } = fakeReporter();
  const failing = whileConnecting("h", context, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  expect(shown()).toBeUndefined();
});
