import { describe, expect, it, vi } from "vitest";
import { Scheduler } from "../../../src/hub/runtime/scheduler.ts";
import { TestClock } from "../../support/test-clock.ts";

describe("a scheduler", () => {
  function create() {
    const clock = new TestClock(1000);
    return { clock, scheduler: new Scheduler(clock), wake: vi.fn<() => void>() };
  }

  it("wakes once, at the scheduled time", () => {
    const { clock, scheduler, wake } = create();
    scheduler.schedule("a", 1010, wake);
    clock.advance(9);
    expect(wake).not.toHaveBeenCalled();
    clock.advance(1);
    clock.advance(100);
    expect(wake).toHaveBeenCalledOnce();
  });

  it("keeps one timer per name: a new time replaces the old one, undefined cancels it", () => {
    const { clock, scheduler, wake } = create();
    scheduler.schedule("a", 1010, () => expect.unreachable());
    scheduler.schedule("a", 1020, wake);
    scheduler.schedule("b", 1010, () => expect.unreachable());
    scheduler.schedule("b", undefined, () => {});
    expect(clock.liveTimers).toBe(1);
    clock.advance(100);
    expect(wake).toHaveBeenCalledOnce();
  });

  it("wakes at once for a time in the past", () => {
    const { clock, scheduler, wake } = create();
    scheduler.schedule("a", 5, wake);
    clock.advance(0);
    expect(wake).toHaveBeenCalledOnce();
  });

  it("can be rescheduled while it wakes", () => {
    const { clock, scheduler, wake } = create();
    scheduler.schedule("a", 1010, () => scheduler.schedule("a", 1020, wake));
    clock.advance(100);
    expect(wake).toHaveBeenCalledOnce();
  });

  it("has no timer left once it is stopped", () => {
    const { clock, scheduler } = create();
    scheduler.schedule("a", 1010, () => expect.unreachable());
    scheduler.stop();
    expect(clock.liveTimers).toBe(0);
    clock.advance(100);
  });
});
