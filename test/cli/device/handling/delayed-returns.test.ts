import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DelayedReturns } from "../../../../src/cli/device/handling/delayed-returns.ts";
import type { Delivery } from "../../../../src/client/connection/device-connection.ts";

let settled: string[];

beforeEach(() => {
  vi.useFakeTimers();
  settled = [];
});

afterEach(() => {
  vi.useRealTimers();
});

function delivery(name = "m"): Delivery {
  return {
    message: { system: {}, properties: {}, body: Buffer.of(), isRedelivered: false, malformed: [] },
    settle: async (settlement) => void settled.push(`${name} ${settlement}`),
  };
}

test.each([
  [1, 1000],
  [2, 2000],
  [3, 4000],
  [6, 32_000],
  [7, 48_000],
  [2000, 48_000],
])("after %i failures, a message goes back after %i ms", async (failures, delayMs) => {
  const returns = new DelayedReturns();
  await returns.add(delivery(), failures, 48_000);
  await vi.advanceTimersByTimeAsync(delayMs - 1);
  expect(settled).toEqual(["m none"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(settled).toEqual(["m none", "m abandon"]);
  expect(returns.isEmpty).toBe(true);
});

test("at the end all go back at once, and not before", async () => {
  const returns = new DelayedReturns();
  await returns.add(delivery("a"), 1, 48_000);
  returns.hold();
  await returns.add(delivery("b"), 1, 48_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(settled).toEqual(["a none", "b none"]);
  await returns.returnAll();
  expect(settled.slice(2)).toEqual(["a abandon", "b abandon"]);
});

test("after a lost connection, none go back", async () => {
  const returns = new DelayedReturns();
  await returns.add(delivery(), 1, 48_000);
  returns.drop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(settled).toEqual(["m none"]);
});

test("their number is bounded", async () => {
  const returns = new DelayedReturns();
  for (let n = 0; n <= 1000; n += 1) await returns.add(delivery(String(n)), 7, 48_000);
  expect(settled.filter((one) => one.endsWith("abandon"))).toEqual(["0 abandon"]);
});
