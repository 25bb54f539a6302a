import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { EventLog, type LoggedEvent, type LogLimits } from "../../../src/core/events/event-log.ts";
import type { EventPosition } from "../../../src/core/events/event-position.ts";

const UNLIMITED: LogLimits = { retentionMs: 1e12, maxBytes: 1e12 };

function logOf(...events: readonly [text: string, size: number, nowMs: number][]) {
  const log = new EventLog<string>();
  for (const [text, size, nowMs] of events) log.admit(log.place(text, size, nowMs));
  return log;
}

/** The texts that a reader gets from this position. */
function readFrom(log: EventLog<string>, position: EventPosition): string[] {
  const cursor = log.locate(position);
  const texts: string[] = [];
  for (let event = log.read(cursor); event !== undefined; event = log.read(cursor)) {
    texts.push(event.payload);
  }
  return texts;
}

/** Weak references are kept until the end of the tick. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  await new Promise((resolve) => setImmediate(resolve));
  collect();
}

const THREE = [
  ["a", 10, 1000],
  ["b", 20, 1000],
  ["c", 30, 2000],
] as const satisfies [string, number, number][];

// Rule event-sequence.
describe("a placed event", () => {
  it("has a sequence number from 0, and an offset in bytes", () => {
    const log = new EventLog<string>();
    const placed = THREE.map(([text, size, nowMs]) => log.place(text, size, nowMs));
    expect(placed.map(({ sequenceNumber, offset }) => [sequenceNumber, offset])).toEqual([
      [0, 0],
      [1, 10],
      [2, 30],
    ]);
    expect(log.end).toEqual({ sequenceNumber: 3, offset: 60 });
  });

  it("is never older than the one before, whatever the clock does", () => {
    const log = logOf(["a", 1, 5000], ["b", 1, 3000], ["c", 1, 6000]);
    const cursor = log.locate({ type: "start" });
    const times = [log.read(cursor), log.read(cursor), log.read(cursor)];
    expect(times.map((event) => event?.enqueuedTimeMs)).toEqual([5000, 5000, 6000]);
  });

  it("can be read once it is admitted, not before", () => {
    const log = new EventLog<string>();
    const cursor = log.locate({ type: "start" });
    const event = log.place("a", 1, 1000);
    expect(log.read(cursor)).toBeUndefined();
    expect(log.properties()).toMatchObject({ isEmpty: true, lastSequenceNumber: -1 });
    log.admit(event);
    expect(log.read(cursor)).toBe(event);
  });
});

// Rule event-position.
describe("reading", () => {
  it.each<[string, EventPosition, string[]]>([
    ["the start", { type: "start" }, ["a", "b", "c"]],
    ["the end", { type: "end" }, []],
    ["after offset -5", { type: "offset", offset: -5, isInclusive: false }, ["a", "b", "c"]],
    ["after offset 0", { type: "offset", offset: 0, isInclusive: false }, ["b", "c"]],
    ["offset 10", { type: "offset", offset: 10, isInclusive: true }, ["b", "c"]],
    ["after offset 10", { type: "offset", offset: 10, isInclusive: false }, ["c"]],
    ["an offset within b", { type: "offset", offset: 11, isInclusive: true }, ["c"]],
    ["after the last offset", { type: "offset", offset: 30, isInclusive: false }, []],
    ["number 0", { type: "sequenceNumber", sequenceNumber: 0, isInclusive: true }, ["a", "b", "c"]],
    [
      "after number 0",
      { type: "sequenceNumber", sequenceNumber: 0, isInclusive: false },
      ["b", "c"],
    ],
    [
      "after the last number",
      { type: "sequenceNumber", sequenceNumber: 2, isInclusive: false },
      [],
    ],
    ["the next number", { type: "sequenceNumber", sequenceNumber: 3, isInclusive: true }, []],
    ["time 1000", { type: "enqueuedTime", timeMs: 1000, isInclusive: true }, ["a", "b", "c"]],
    ["after time 1000", { type: "enqueuedTime", timeMs: 1000, isInclusive: false }, ["c"]],
    ["after time 999", { type: "enqueuedTime", timeMs: 999, isInclusive: false }, ["a", "b", "c"]],
    ["after time 2000", { type: "enqueuedTime", timeMs: 2000, isInclusive: false }, []],
  ])("from %s", (_where, position, texts) => {
    expect(readFrom(logOf(...THREE), position)).toEqual(texts);
  });

  it.each<[EventPosition, string]>([
    [{ type: "offset", offset: 31, isInclusive: false }, "The supplied offset '31' is invalid."],
    [{ type: "offset", offset: 31, isInclusive: true }, "The last offset in the system is '30'"],
    [
      { type: "sequenceNumber", sequenceNumber: 3, isInclusive: false },
      "The supplied sequence number '3' is invalid.",
    ],
    [
      { type: "sequenceNumber", sequenceNumber: 4, isInclusive: true },
      "The last sequence number in the system is '2'",
    ],
  ])("from %j, beyond the end, is refused", (position, message) => {
    const locate = () => logOf(...THREE).locate(position);
    expect(locate).toThrow(expect.objectContaining({ name: "ArgumentInvalid" }));
    expect(locate).toThrow(message);
  });

  it("from a future time skips events before it", () => {
    const log = logOf(...THREE);
    const cursor = log.locate({ type: "enqueuedTime", timeMs: 5000, isInclusive: true });
    log.admit(log.place("d", 1, 4999));
    expect(log.read(cursor)).toBeUndefined();
    log.admit(log.place("e", 1, 5000));
    expect(log.read(cursor)?.payload).toBe("e");
  });

  it("from the end gets only later events", () => {
    const log = logOf(...THREE);
    const cursor = log.locate({ type: "end" });
    log.admit(log.place("d", 1, 3000));
    expect(log.read(cursor)?.payload).toBe("d");
    expect(log.read(cursor)).toBeUndefined();
  });
});

// Rule event-retention.
describe("trimming", () => {
  it("removes events after the retention time, to the millisecond", () => {
    const log = logOf(...THREE);
    const limits = { ...UNLIMITED, retentionMs: 500 };
    expect(log.nextDueMs(limits)).toBe(1500);
    expect(log.trim(limits, 1499)).toEqual([]);
    expect(log.trim(limits, 1500).map(({ payload }) => payload)).toEqual(["a", "b"]);
    expect(log.nextDueMs(limits)).toBe(2500);
    expect(log.trim(limits, 2500).map(({ payload }) => payload)).toEqual(["c"]);
    expect(log.nextDueMs(limits)).toBeUndefined();
  });

  it.each([
    [60, []],
    [59, ["a"]],
    [50, ["a"]],
    [49, ["a", "b"]],
    [30, ["a", "b"]],
    [29, ["a", "b", "c"]],
  ])("to %d bytes removes %j", (maxBytes, texts) => {
    const trimmed = logOf(...THREE).trim({ ...UNLIMITED, maxBytes }, 0);
    expect(trimmed.map(({ payload }) => payload)).toEqual(texts);
  });

  it("keeps the last position in the properties, even when all events are removed", () => {
    const log = logOf(...THREE);
    log.trim({ ...UNLIMITED, maxBytes: 30 }, 0);
    expect(log.properties()).toEqual({
      beginSequenceNumber: 2,
      lastSequenceNumber: 2,
      lastOffset: 30,
      lastEnqueuedTimeMs: 2000,
      isEmpty: false,
    });
    log.trim({ ...UNLIMITED, maxBytes: 0 }, 0);
    expect(log.properties()).toEqual({
      beginSequenceNumber: 3,
      lastSequenceNumber: 2,
      lastOffset: 30,
      lastEnqueuedTimeMs: 2000,
      isEmpty: true,
    });
    expect(readFrom(log, { type: "start" })).toEqual([]);
    log.admit(log.place("d", 5, 3000));
    expect(readFrom(log, { type: "start" })).toEqual(["d"]);
    expect(log.properties()).toMatchObject({ beginSequenceNumber: 3, lastOffset: 60 });
  });

  it("moves a reader whose next event was removed to the oldest event", () => {
    const log = logOf(...THREE);
    const cursor = log.locate({ type: "start" });
    log.trim({ ...UNLIMITED, maxBytes: 30 }, 0);
    expect(log.read(cursor)?.payload).toBe("c");
  });

  it("keeps no reference to removed events", async () => {
    const log = new EventLog<object>();
    const gone: WeakRef<object>[] = [];
    for (let n = 0; n < 500; n++) {
      log.admit(log.place({ n }, 1, 0));
      for (const { payload } of log.trim({ ...UNLIMITED, maxBytes: 3 }, 0)) {
        gone.push(new WeakRef(payload));
      }
    }
    expect(gone).toHaveLength(497);
    await collectGarbage();
    expect(gone.filter((one) => one.deref() !== undefined).length).toBeLessThan(10);
    expect(log.properties()).toMatchObject({ beginSequenceNumber: 497 });
  });
});

describe("a restored log", () => {
  it("continues where it ended", () => {
    const before = logOf(...THREE);
    const cursor = before.locate({ type: "start" });
    const events: LoggedEvent<string>[] = [];
    for (let one = before.read(cursor); one; one = before.read(cursor)) events.push(one);
    const after = new EventLog(events, before.end);
    expect(after.properties()).toEqual(before.properties());
    expect(after.place("d", 1, 0)).toMatchObject({
      sequenceNumber: 3,
      offset: 60,
      enqueuedTimeMs: 2000,
    });
  });

  it("knows its last position even if it is empty", () => {
    const log = new EventLog<string>([], { sequenceNumber: 3, offset: 60 });
    expect(log.properties()).toEqual({
      beginSequenceNumber: 3,
      lastSequenceNumber: 2,
      lastOffset: 59,
      lastEnqueuedTimeMs: undefined,
      isEmpty: true,
    });
    // A reader that has read the last event reconnects.
    const seen = { type: "offset", offset: 30, isInclusive: false } as const;
    const number = { type: "sequenceNumber", sequenceNumber: 2, isInclusive: false } as const;
    const cursors = [log.locate(seen), log.locate(number), log.locate({ type: "end" })];
    log.admit(log.place("d", 1, 0));
    for (const cursor of cursors) expect(log.read(cursor)?.sequenceNumber).toBe(3);
  });

  it("starts at 0 if it never had an event", () => {
    expect(new EventLog().properties()).toEqual({
      beginSequenceNumber: 0,
      lastSequenceNumber: -1,
      lastOffset: -1,
      lastEnqueuedTimeMs: undefined,
      isEmpty: true,
    });
  });
});
