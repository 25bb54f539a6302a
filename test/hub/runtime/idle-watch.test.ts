import { expect, test } from "vitest";
import { ManualClock } from "../../../src/async/clock.ts";
import { IdleWatch } from "../../../src/hub/runtime/lifetime.ts";

test("a hub is idle once it has had no connection for a while", () => {
  const clock = new ManualClock();
  let isIdle = false;
  const watch = new IdleWatch(clock, 1000, () => {
    isIdle = true;
  });
  watch.start();
  clock.advance(999);
  watch.update(2);
  clock.advance(60_000);
  watch.update(1);
  clock.advance(60_000);
  expect(isIdle).toBe(false);
  watch.update(0);
  clock.advance(999);
  expect(isIdle).toBe(false);
  clock.advance(1);
  expect(isIdle).toBe(true);
});
