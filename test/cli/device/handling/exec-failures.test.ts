import { expect, test } from "vitest";
import { ExecFailures } from "../../../../src/cli/device/handling/exec-failures.ts";

/** One letter a run: in capitals, the command failed for this message. */
function describeRuns(runs: string): string | undefined {
  const failures = new ExecFailures();
  const seen = new Set<string>();
  for (const run of runs) {
    const key = run.toLowerCase();
    failures.onRun(seen.has(key));
    seen.add(key);
    if (run !== key) failures.onFailure(key, `failed for ${key}`);
  }
  return failures.describe();
}

test.each([
  ["ab", undefined],
  ["aB", "failed for b"],
  ["AbC", "the command failed for 2 of 3 messages; last: failed for c"],
  ["AAA", "the command failed for 1 of 1 message, in 3 of 3 attempts; last: failed for a"],
  ["AbAa", "the command failed for 1 of 2 messages, in 2 of 4 attempts; last: failed for a"],
])("%s: %s", (runs, text) => {
  expect(describeRuns(runs)).toBe(text);
});

test("failures are counted for each message", () => {
  const failures = new ExecFailures();
  expect(["a", "b", "a", "a"].map((key) => failures.onFailure(key, ""))).toEqual([1, 1, 2, 3]);
});
