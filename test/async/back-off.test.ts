import { describe, expect, it } from "vitest";
import { BackOff } from "../../src/async/back-off.ts";

const times = (backOff: BackOff, count: number): number[] =>
  Array.from({ length: count }, () => backOff.nextMs());

describe("BackOff", () => {
  it("doubles its bound up to the maximum, and restarts when reset", () => {
    const backOff = new BackOff({ firstMs: 100, maxMs: 500, random: () => 0.999999 });
    expect(times(backOff, 5)).toEqual([100, 200, 400, 500, 500]);
    backOff.reset();
    expect(times(backOff, 2)).toEqual([100, 200]);
  });

  it("picks any delay up to the bound", () => {
    const parts = [0, 0.5, 0.25];
    const backOff = new BackOff({ firstMs: 100, maxMs: 1000, random: () => parts.shift() ?? 0 });
    expect(times(backOff, 3)).toEqual([0, 100, 100]);
  });

  it("stays at the maximum bound", () => {
    const backOff = new BackOff({ firstMs: 1, maxMs: 60_000, random: () => 0.999999 });
    expect(times(backOff, 2000).at(-1)).toBe(60_000);
  });
});
