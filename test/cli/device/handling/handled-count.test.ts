import { expect, test } from "vitest";
import { HandledCount } from "../../../../src/cli/device/handling/handled-count.ts";

test("a message counts once, when it is settled", () => {
  const count = new HandledCount(2);
  expect(count.admit("a", false)).toBe(true);
  expect(count.isReached).toBe(false);
  count.onSettled();
  expect(count.admit("a", true)).toBe(false);
  expect(count.admit("b", false)).toBe(true);
  expect(count.admit("c", false)).toBe(undefined);
  count.onSettled();
  expect([count.settled, count.isReached]).toEqual([2, true]);
});

test("what could not be settled counts when it comes again, or makes room for another", () => {
  const count = new HandledCount(1);
  count.admit("a", false);
  count.onUnsettled("a");
  expect(count.admit("a", true)).toBe(true);
  expect(count.admit("b", false)).toBe(undefined);
  count.onUnsettled("a");
  expect(count.admit("b", false)).toBe(true);
});

test("what was dropped before it was handled makes room", () => {
  const count = new HandledCount(1);
  count.admit("a", false);
  count.onDropped();
  expect(count.admit("a", false)).toBe(true);
});
