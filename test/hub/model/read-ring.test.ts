/** Reading the ring of events, and following it. */

import { describe, expect, test } from "vitest";
import { EventRing } from "../../../src/hub/model/event-ring.ts";
import { type RingItem, type RingRequest, readRing } from "../../../src/hub/model/read-ring.ts";
import { message } from "../../support/test-hub.ts";

const SMALL = { blocks: 3, bytes: 8192 };
const STARTED = 1000;

function record(ring: EventRing, timeMs: number, body = ""): void {
  const event = { type: "telemetry", deviceId: "d", partitionId: "0", sequenceNumber: 0 } as const;
  ring.record(event, timeMs, message({ body }));
}

function filled(events: number): EventRing {
  const ring = new EventRing(STARTED, SMALL);
  for (let number = 1; number <= events; number++) record(ring, STARTED + number);
  return ring;
}

async function readAll(ring: EventRing, request: Partial<RingRequest> = {}) {
  const { signal } = new AbortController();
  const items: RingItem[] = [];
  for await (const some of readRing(ring, { isFollowing: false, signal, ...request })) {
    items.push(...some);
  }
  return items;
}

const gapsOf = (items: readonly RingItem[]) =>
  items.flatMap((item) => ("gap" in item ? [item.gap] : []));
const numbersOf = (items: readonly RingItem[]) =>
  items.flatMap((item) => ("number" in item ? [item.number] : []));

describe("what is missing", () => {
  test("is nothing in a ring that has everything", async () => {
    const items = await readAll(filled(3));
    expect(gapsOf(items)).toEqual([]);
    expect(numbersOf(items)).toEqual([1, 2, 3]);
  });

  test("is counted if everything was asked for", async () => {
    const ring = filled(1000);
    const missing = ring.firstNumber - 1;
    expect(gapsOf(await readAll(ring))).toEqual([{ missing, untilMs: STARTED + missing + 1 }]);
  });

  test("is said without a number for a time that the ring no longer reaches", async () => {
    const ring = filled(1000);
    const untilMs = STARTED + ring.firstNumber;
    expect(gapsOf(await readAll(ring, { sinceMs: STARTED + 10 }))).toEqual([{ untilMs }]);
    expect(gapsOf(await readAll(ring, { sinceMs: untilMs }))).toEqual([]);
  });

  test("is what happened before the hub's start", async () => {
    const ring = filled(3);
    expect(gapsOf(await readAll(ring, { sinceMs: STARTED - 1 }))).toEqual([{ untilMs: STARTED }]);
    expect(gapsOf(await readAll(ring, { sinceMs: STARTED }))).toEqual([]);
  });

  test("is counted for a reader that comes back", async () => {
    const ring = filled(1000);
    expect(numbersOf(await readAll(ring, { after: 998 }))).toEqual([999, 1000]);
    const { firstNumber } = ring;
    const items = await readAll(ring, { after: 10 });
    expect(gapsOf(items)).toMatchObject([{ missing: firstNumber - 11 }]);
    expect(numbersOf(items)[0]).toBe(firstNumber);
  });
});

test("without following, events that happen meanwhile are left out", async () => {
  const ring = filled(2);
  const read = readRing(ring, { isFollowing: false, signal: new AbortController().signal });
  const first = await read.next();
  record(ring, STARTED + 3);
  expect(numbersOf(first.value ?? [])).toEqual([1, 2]);
  expect((await read.next()).done).toBe(true);
});

describe("following", () => {
  test("hands over what happens, until it is ended", async () => {
    const ring = filled(1);
    const stop = new AbortController();
    const read = readRing(ring, { isFollowing: true, signal: stop.signal });
    expect(numbersOf((await read.next()).value ?? [])).toEqual([1]);
    const next = read.next();
    record(ring, STARTED + 2);
    record(ring, STARTED + 3);
    expect(numbersOf((await next).value ?? [])).toEqual([2, 3]);
    const last = read.next();
    stop.abort();
    expect((await last).done).toBe(true);
  });

  test("a reader that is too slow finds a gap, with the number of events", async () => {
    const ring = filled(1);
    const read = readRing(ring, { isFollowing: true, signal: new AbortController().signal });
    await read.next();
    for (let number = 2; number <= 1000; number++) record(ring, STARTED + number);
    const items: readonly RingItem[] = (await read.next()).value ?? [];
    expect(items[0]).toMatchObject({ gap: { missing: ring.firstNumber - 2 } });
    expect(numbersOf(items)[0]).toBe(ring.firstNumber);
  });

  test("large bodies are handed over a few at a time", async () => {
    const ring = new EventRing(STARTED);
    for (let number = 1; number <= 20; number++) record(ring, STARTED, "x".repeat(30_000));
    const read = readRing(ring, { isFollowing: true, signal: new AbortController().signal });
    expect((await read.next()).value?.length).toBe(3);
  });
});
