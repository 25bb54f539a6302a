import { describe, expect, it } from "vitest";
import type { Store, StoreChange } from "../../../src/hub/store/store.ts";
import { openPartition, sendTelemetry, takeBodies } from "../../support/event-hub.ts";
import { storedEvents } from "../../support/stored-events.ts";
import { createTestHub } from "../../support/test-hub.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A store that keeps only the keys of its records. */
class RecordStore implements Store {
  readonly keys = new Set<string>();

  async *load() {}

  async write(changes: readonly StoreChange[]): Promise<void> {
    for (const { type, key } of changes) {
      if (type === "put") this.keys.add(key);
      else this.keys.delete(key);
    }
  }

  async close(): Promise<void> {}

  get events(): string[] {
    return [...this.keys].filter((key) => /^event\/\d+\/\d+$/.test(key));
  }
}

function numbersOf(hub: Awaited<ReturnType<typeof createTestHub>>): number[] {
  return storedEvents(hub.deviceToCloud).map(({ sequenceNumber }) => sequenceNumber);
}

// Rule event-retention.
describe("an event", () => {
  it("is kept for a day without readers, then removed from the store", async () => {
    const store = new RecordStore();
    const hub = await createTestHub({ store });
    await sendTelemetry(hub, ["0"]);
    hub.clock.advance(HOUR_MS);
    await sendTelemetry(hub, ["1"]);
    expect(store.events).toHaveLength(2);
    hub.clock.advance(DAY_MS - HOUR_MS - 1);
    expect(numbersOf(hub)).toEqual([0, 1]);
    hub.clock.advance(1);
    expect(store.events).toHaveLength(1);
    expect(numbersOf(hub)).toEqual([1]);
    hub.clock.advance(HOUR_MS);
    expect(store.events).toEqual([]);
    expect(numbersOf(hub)).toEqual([]);
    await sendTelemetry(hub, ["2"]);
    expect(numbersOf(hub)).toEqual([2]);
  });

  it("is removed, oldest first, when its own partition is full", async () => {
    const store = new RecordStore();
    const hub = await createTestHub({ store, logLimits: { maxBytes: 10_000 } });
    await sendTelemetry(hub, ["x".repeat(9000)], { deviceId: "device2" });
    for (let n = 0; n < 20; n++) await sendTelemetry(hub, ["x".repeat(1000)]);
    const numbers = numbersOf(hub);
    expect(numbers.length).toBeGreaterThan(5);
    expect(numbers.length).toBeLessThanOrEqual(11);
    expect(numbers.at(0)).toBe(20 - (numbers.length - 1));
    expect(numbers.at(-1)).toBe(0);
    expect(store.events).toHaveLength(numbers.length);
  });

  it("without any content is removed too, so that a partition stays bounded", async () => {
    const hub = await createTestHub({ logLimits: { maxBytes: 100_000 } });
    const empty = { system: {}, properties: {}, body: Buffer.alloc(0) };
    const batch = Array.from({ length: 5000 }, () => empty);
    await hub.deviceToCloud.receive({ deviceId: "device1", authMethod: "{}" }, batch);
    expect(numbersOf(hub).length).toBeLessThan(1000);
    expect(numbersOf(hub).at(-1)).toBe(4999);
  });

  it("that was removed is skipped by readers", async () => {
    const hub = await createTestHub({ logLimits: { maxBytes: 10_000 } });
    const { peer } = await hub.connectService();
    const partitionId = await sendTelemetry(hub, ["first"]);
    const reader = await openPartition(peer, { partitionId, link: { credit_window: 0 } });
    reader.link.add_credit(1);
    expect(await takeBodies(reader, 1)).toEqual(["first"]);
    for (let n = 0; n < 20; n++) await sendTelemetry(hub, [`${n}`.padEnd(1000)]);
    const [oldest = Number.NaN] = numbersOf(hub);
    reader.link.add_credit(1);
    const { message } = await reader.next();
    expect(message.message_annotations?.["x-opt-sequence-number"]).toBe(oldest);
    expect(oldest).toBeGreaterThan(1);
  });

  it("leaves no timer behind once all are removed", async () => {
    const hub = await createTestHub();
    const before = hub.clock.liveTimers;
    await sendTelemetry(hub, ["0", "1"]);
    await sendTelemetry(hub, ["2"], { deviceId: "device2" });
    hub.services.activity.flush();
    expect(hub.clock.liveTimers).toBe(before + 2);
    hub.clock.advance(DAY_MS);
    expect(hub.clock.liveTimers).toBe(before);
  });
});
