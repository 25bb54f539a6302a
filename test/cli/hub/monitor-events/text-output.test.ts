import { describe, expect, it } from "vitest";
import { createEventFormat } from "../../../../src/cli/hub/monitor-events/event-format.ts";
import type { ReceivedEvent } from "../../../../src/client/events/received-event.ts";

const EVENT: ReceivedEvent = {
  partitionId: "2",
  sequenceNumber: 7,
  offset: "4711",
  enqueuedTimeUtcMs: Date.parse("2026-01-31T12:00:00.123Z"),
  deviceId: "device1",
  system: {
    messageId: "m",
    correlationId: "c",
    userId: "u",
    to: "/devices/device1/messages/events",
    contentType: "application/json",
    contentEncoding: "utf-8",
  },
  properties: { alert: "true", none: null },
  annotations: { "iothub-message-source": "Telemetry", "x-opt-list": [1, "a"] },
  body: Buffer.from('{"a":1}'),
};

const BARE: ReceivedEvent = {
  partitionId: "0",
  sequenceNumber: 0,
  system: {},
  properties: {},
  annotations: {},
  body: Buffer.alloc(0),
};

function format(isJson: boolean, event: ReceivedEvent, n = 1): string {
  const type = isJson ? "json" : "text";
  const format = createEventFormat({ type }, { isTTY: false, env: {}, isDisabled: false });
  return String(format(event, n));
}

const parse = (event: ReceivedEvent) => JSON.parse(format(true, event)) as Record<string, unknown>;

describe("as JSON", () => {
  it("is one line with every field", () => {
    expect(format(true, EVENT)).toMatch(/^[^\n]+\n$/);
    expect(parse(EVENT)).toEqual({
      type: "event",
      deviceId: "device1",
      partitionId: "2",
      sequenceNumber: 7,
      offset: "4711",
      enqueuedTimeUtc: "2026-01-31T12:00:00.123Z",
      messageId: "m",
      correlationId: "c",
      userId: "u",
      contentType: "application/json",
      contentEncoding: "utf-8",
      properties: { alert: "true", none: null },
      annotations: { "iothub-message-source": "Telemetry", "x-opt-list": [1, "a"] },
      body: { a: 1 },
      bodyEncoding: "json",
    });
  });

  it("omits missing fields", () => {
    expect(parse(BARE)).toEqual({
      type: "event",
      partitionId: "0",
      sequenceNumber: 0,
      properties: {},
      annotations: {},
      body: "",
      bodyEncoding: "utf8",
    });
  });

  it.each([
    ["JSON that would not serialise back", '{ "a": 1.0 }', { a: 1 }, "json"],
    ["JSON that does not parse", "{", "{", "utf8"],
  ])("shows %s", (_what, text, body, bodyEncoding) => {
    const bytes = Buffer.from(text);
    const record = parse({ ...EVENT, body: bytes });
    expect(record).toMatchObject({ body, bodyEncoding });
    expect(record.raw).toBe(bodyEncoding === "json" ? bytes.toString("base64") : undefined);
  });

  it("shows binary bodies in base64, whatever the content type", () => {
    const record = parse({ ...EVENT, body: Buffer.from([0xff, 0x00]) });
    expect(record).toMatchObject({ body: "/wA=", bodyEncoding: "base64" });
  });
});

describe("as text", () => {
  it("has its sections in order", () => {
    expect(format(false, EVENT, 3)).toBe(`Event received:
    {"a":1}
System properties:
    deviceId: device1
    partitionId: 2
    sequenceNumber: 7
    offset: 4711
    enqueuedTimeUtc: 2026-01-31T12:00:00.123Z
    messageId: m
    correlationId: c
    userId: u
    contentType: application/json
    contentEncoding: utf-8
Application properties:
    alert: true
    none (no value)
Annotations:
    iothub-message-source: Telemetry
    x-opt-list: [1,"a"]
Total events received: 3
`);
  });

  it("shows missing parts as such", () => {
    const text = format(false, BARE);
    expect(text).toContain("Event received:\n    (empty)\n");
    expect(text).toContain("Application properties:\n    (none)\nAnnotations:\n    (none)\n");
  });

  it("escapes control characters and line breaks everywhere", () => {
    const evil = "\u001b[31mx\nTotal events received: 99";
    const text = format(false, {
      ...EVENT,
      deviceId: evil,
      offset: evil,
      system: { messageId: evil, contentType: evil },
      properties: { [evil]: evil },
      annotations: { [evil]: evil, list: [evil] },
      body: Buffer.from(evil),
    });
    expect(text).not.toContain("\u001b");
    expect(text.split("\n").filter((line) => line.startsWith("Total"))).toHaveLength(1);
  });
});
