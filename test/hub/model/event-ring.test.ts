/** The ring that keeps the hub's last events. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../../../src/core/message.ts";
import { EventRing, type RecordedEvent } from "../../../src/hub/model/event-ring.ts";
import type { HubEvent } from "../../../src/hub/model/events.ts";
import { message } from "../../support/test-hub.ts";

/** Small blocks, so that a few events fill them. */
const SMALL = { blocks: 3, bytes: 8192 };

const REF = { deviceId: "device1", sequenceNumber: 7, messageId: "m1" };

const EVENTS: readonly HubEvent[] = [
  { type: "enqueued", ...REF, expiryTimeUtc: "2026-01-01T00:00:00.000Z" },
  { type: "delivered", ...REF, deliveryCount: 3 },
  { type: "settled", ...REF, outcome: "abandoned" },
  { type: "requeued", ...REF, reason: "lockTimeout" },
  { type: "deadLettered", ...REF, reason: "Expired" },
  { type: "telemetry", deviceId: "d", partitionId: "2", sequenceNumber: 0 },
  {
    type: "feedback",
    originalMessageId: "",
    deviceId: "d",
    deviceGenerationId: "1",
    statusCode: "Success",
    enqueuedTimeUtc: "2026-01-01T00:00:00.000Z",
  },
  { type: "feedbackDelivered", batch: 1, records: 64 },
  { type: "feedbackSettled", batch: 1, outcome: "complete" },
  { type: "deviceConnected", deviceId: "d", protocol: "mqtt" },
  { type: "deviceDisconnected", deviceId: "d", protocol: "amqp", reason: "x".repeat(60_000) },
  { type: "connectionRefused", protocol: "https", name: "NotFound", reason: "no \u{1f600}\ud800" },
  {
    type: "handshakeFailed",
    remoteAddress: "::1",
    cause: "other",
    reason: "r",
    hint: "h",
    count: 2,
  },
];

function readAll(ring: EventRing, fromMs = Number.NEGATIVE_INFINITY): RecordedEvent[] {
  const cursor = ring.cursorFrom(fromMs);
  const read: RecordedEvent[] = [];
  for (let one = ring.read(cursor); one !== undefined; one = ring.read(cursor)) read.push(one);
  return read;
}

function enqueued(sequenceNumber: number): HubEvent {
  return { type: "enqueued", deviceId: "d", sequenceNumber, expiryTimeUtc: "" };
}

describe("reading", () => {
  test.each(EVENTS)("$type is read as it was recorded", (event) => {
    const ring = new EventRing(0);
    ring.record(event, 5.5);
    expect(readAll(ring)).toEqual([{ number: 1, timeMs: 5.5, event }]);
  });

  const text = fc.string({ unit: "binary", maxLength: 300 });

  test("any message is read as it was recorded", () => {
    const anyMessage = fc.record({
      system: fc.record(
        {
          messageId: text,
          contentType: text,
          expiryTimeUtcMs: fc.integer(),
          ack: fc.constant("full" as const),
        },
        { requiredKeys: [] },
      ),
      properties: fc.dictionary(text, fc.option(text)),
      body: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(fc.array(anyMessage, { maxLength: 5 }), (messages) => {
        const ring = new EventRing(0);
        const before = messages.map(({ system, properties, body }): Message => {
          return { system: { ...system }, properties: { ...properties }, body };
        });
        for (const one of messages) ring.record(enqueued(1), 0, one as Message);
        expect(readAll(ring).map((one) => one.message)).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  test("a property may be called __proto__", () => {
    const ring = new EventRing(0);
    const properties = JSON.parse('{"__proto__":"x"}') as Message["properties"];
    ring.record(enqueued(1), 0, message({ properties }));
    expect(JSON.stringify(readAll(ring)[0]?.message?.properties)).toBe('{"__proto__":"x"}');
  });

  test("what was read does not change with the ring", () => {
    const ring = new EventRing(0, SMALL);
    ring.record(enqueued(1), 0, message({ body: "first" }));
    const [first] = readAll(ring);
    for (let number = 0; number < 1000; number++) ring.record(enqueued(2), 0, message());
    expect(first?.message?.body.toString()).toBe("first");
  });

  test("begins at a time", () => {
    const ring = new EventRing(0, SMALL);
    for (let number = 1; number <= 200; number++) ring.record(enqueued(number), number);
    for (const fromMs of [150, 199.5, 200]) {
      expect(readAll(ring, fromMs)[0]?.timeMs).toBe(Math.ceil(fromMs));
    }
    expect(readAll(ring, 201)).toEqual([]);
  });
});

describe("a full ring", () => {
  test.each([
    ["a time to come", (ring: EventRing) => ring.cursorFrom(2000)],
    ["the next number", (ring: EventRing) => ring.cursorAt(ring.nextNumber)],
    ["a number to come", (ring: EventRing) => ring.cursorAt(ring.nextNumber + 5)],
  ])("begins at the next event for %s", (_, cursorOf) => {
    const ring = new EventRing(0, SMALL);
    const connected = (deviceId: string) =>
      ({ type: "deviceConnected", deviceId, protocol: "mqtt" }) as const;
    for (const deviceId of ["a", "b"]) ring.record(connected(deviceId), 1000);
    const cursor = cursorOf(ring);
    expect(ring.read(cursor)).toBeUndefined();
    ring.record(connected("c"), 3000);
    expect(ring.read(cursor)).toMatchObject({ number: 3, event: { deviceId: "c" } });
    expect(ring.read(cursor)).toBeUndefined();
  });

  test("discards the oldest events and counts on", () => {
    const ring = new EventRing(0, SMALL);
    for (let number = 1; number <= 1000; number++) ring.record(enqueued(number), number);
    const read = readAll(ring);
    expect(ring.firstNumber).toBeGreaterThan(500);
    expect(ring.lastDiscardedMs).toBe(ring.firstNumber - 1);
    expect(read.map(({ number }) => number)).toEqual(
      Array.from(read, (_, index) => ring.firstNumber + index),
    );
    expect(read.every(({ number, timeMs }) => number === timeMs)).toBe(true);
    expect(read.at(-1)?.number).toBe(1000);
  });

  test("moves a reader whose next event was discarded to the oldest one", () => {
    const ring = new EventRing(0, SMALL);
    ring.record(enqueued(1), 1);
    const cursor = ring.cursorFrom(0);
    for (let number = 2; number <= 1000; number++) ring.record(enqueued(number), number);
    expect(ring.read(cursor)?.number).toBe(ring.firstNumber);
    expect(ring.read(cursor)?.number).toBe(ring.firstNumber + 1);
  });

  test("keeps the event of a message that is larger than a block, without it", () => {
    const ring = new EventRing(0, SMALL);
    ring.record(enqueued(1), 1, message({ body: "x".repeat(SMALL.bytes) }));
    expect(readAll(ring)).toEqual([{ number: 1, timeMs: 1, event: enqueued(1) }]);
  });

  test("keeps 16 MiB of bodies, of the largest messages as well", () => {
    const ring = new EventRing(0);
    const large = message({ body: "x".repeat(256 * 1024) });
    for (let number = 1; number <= 200; number++) ring.record(enqueued(number), 0, large);
    const kept = readAll(ring).filter((one) => one.message?.body.length === 256 * 1024);
    expect(kept.length).toBeGreaterThanOrEqual(45);
    expect(kept.length).toBeLessThan(64);
  });
});

test("watchers are told of each event, until they end it", () => {
  const ring = new EventRing(0);
  let told = 0;
  const end = ring.watch(() => {
    told += 1;
  });
  ring.record(enqueued(1), 0);
  ring.record(enqueued(2), 0);
  end();
  ring.record(enqueued(3), 0);
  expect(told).toBe(2);
});
