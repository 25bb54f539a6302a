import { describe, expect, it } from "vitest";
import { EventCursor } from "../../../src/client/connection/event-cursor.ts";

const partition = (lastSequenceNumber: number) => ({ partitionId: "0", lastSequenceNumber });

describe("from the latest", () => {
  it("starts after the events present at the first lookup", () => {
    const cursor = new EventCursor({ type: "latest" });
    expect(cursor.locate(partition(7))).toEqual({ type: "after", sequenceNumber: 7 });
    expect(cursor.locate(partition(9))).toEqual({ type: "after", sequenceNumber: 7 });
  });

  it("is the start of an empty partition", () => {
    const cursor = new EventCursor({ type: "latest" });
    expect(cursor.locate(partition(-1))).toEqual({ type: "beginning" });
    expect(cursor.locate(partition(3))).toEqual({ type: "beginning" });
  });

  it("continues after the last event read, per partition", () => {
    const cursor = new EventCursor({ type: "latest" });
    cursor.locate(partition(7));
    cursor.locate({ partitionId: "1", lastSequenceNumber: 4 });
    cursor.advance("0", 8);
    expect(cursor.locate(partition(20))).toEqual({ type: "after", sequenceNumber: 8 });
    expect(cursor.locate({ partitionId: "1", lastSequenceNumber: 4 })).toEqual({
      type: "after",
      sequenceNumber: 4,
    });
  });
});

describe("from a time", () => {
  const since = { type: "enqueuedTime", sinceMs: 1000 } as const;

  it("keeps the time until an event has been read", () => {
    const cursor = new EventCursor(since);
    expect(cursor.locate(partition(7))).toEqual({ type: "since", timeMs: 1000 });
    expect(cursor.locate(partition(9))).toEqual({ type: "since", timeMs: 1000 });
    cursor.advance("0", 3);
    expect(cursor.locate(partition(9))).toEqual({ type: "after", sequenceNumber: 3 });
  });
});

describe("a hub that lost its events", () => {
  it("is read from the start, even after several lost connections", () => {
    const cursor = new EventCursor({ type: "latest" });
    cursor.locate(partition(57));
    expect(cursor.locate(partition(-1))).toEqual({ type: "beginning" });
    expect(cursor.locate(partition(80))).toEqual({ type: "beginning" });
    cursor.advance("0", 80);
    expect(cursor.locate(partition(80))).toEqual({ type: "after", sequenceNumber: 80 });
  });
});

describe("gaps", () => {
  it("are detected by sequence number, once one is known", () => {
    const cursor = new EventCursor({ type: "enqueuedTime", sinceMs: 0 });
    expect(cursor.gapBefore("0", 17)).toBe(0);
    cursor.advance("0", 17);
    expect(cursor.gapBefore("0", 18)).toBe(0);
    expect(cursor.gapBefore("0", 21)).toBe(3);
    expect(cursor.gapBefore("1", 21)).toBe(0);
  });

  it("are detected before the first event, if its number was expected", () => {
    const cursor = new EventCursor({ type: "latest" });
    cursor.locate(partition(7));
    expect(cursor.gapBefore("0", 8)).toBe(0);
    expect(cursor.gapBefore("0", 10)).toBe(2);
  });
});
