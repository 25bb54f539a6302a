import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { partitionOf } from "../../../src/core/events/partition.ts";

// Rule event-partition.
describe("the partition of a device", () => {
  // These must never change: a restarted hub must find a device's events in the same partition.
  it.each([
    ["device1", 4, 2],
    ["device2", 4, 3],
    ["", 4, 1],
    ["a", 4, 0],
    ["Device1", 4, 2],
    ["é", 4, 1],
    ["device1", 32, 6],
    ["device1", 1, 0],
  ])("of %o among %d is %d", (deviceId, count, partition) => {
    expect(partitionOf(deviceId, count)).toBe(partition);
  });

  it("is valid, and always the same", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 32 }), (deviceId, count) => {
        const partition = partitionOf(deviceId, count);
        expect(partition).toBe(partitionOf(deviceId, count));
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
      }),
    );
  });

  it.each([
    ["numbered", (n: number) => `device${n}`],
    ["numbered in hex", (n: number) => `sensor-${n.toString(16).padStart(8, "0")}`],
    ["numbered at the start", (n: number) => `${n}-thermostat`],
  ])("is evenly distributed for devices %s", (_how, name) => {
    const counts = [0, 0, 0, 0];
    for (let n = 0; n < 10_000; n++) {
      const partition = partitionOf(name(n), counts.length);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2500)).toBeLessThan(250);
  });
});
