import { Chalk } from "chalk";
import { describe, expect, test } from "vitest";
import { renderMessage } from "../../../../src/cli/device/receiving/message-format.ts";
import { toMessageRecord } from "../../../../src/cli/device/receiving/message-record.ts";
import type { ReceivedMessage } from "../../../../src/client/connection/device-connection.ts";

const ARRIVAL = { n: 2, receivedAtMs: 0, deviceId: "d", isDuplicate: false };

function message(parts: Partial<Omit<ReceivedMessage, "body">> & { body?: Uint8Array | string }) {
  const { body = "", ...rest } = parts;
  return {
    system: {},
    properties: {},
    isRedelivered: false,
    malformed: [],
    ...rest,
    body: typeof body === "string" ? Buffer.from(body) : body,
  } satisfies ReceivedMessage;
}

function bodyOf(body: Uint8Array | string, contentType?: string) {
  const system = contentType === undefined ? {} : { contentType };
  const record = toMessageRecord(message({ body, system }), ARRIVAL);
  const { body: shown, bodyEncoding } = record;
  return { body: shown, bodyEncoding, ...("raw" in record && { raw: record.raw }) };
}

describe("a body in JSON", () => {
  const JSON_TYPE = "application/json";

  test.each<readonly [string, string | undefined, object]>([
    ['{"a":1}', JSON_TYPE, { body: { a: 1 }, bodyEncoding: "json" }],
    ['{"a":1}', "application/json; charset=utf-8", { body: { a: 1 }, bodyEncoding: "json" }],
    ['{"a":1}', "application/vnd.x+json", { body: { a: 1 }, bodyEncoding: "json" }],
    ['{"a":1}', undefined, { body: '{"a":1}', bodyEncoding: "utf8" }],
    ["{broken", JSON_TYPE, { body: "{broken", bodyEncoding: "utf8" }],
    ["", JSON_TYPE, { body: "", bodyEncoding: "utf8" }],
    ["\ufeffx", undefined, { body: "\ufeffx", bodyEncoding: "utf8" }],
  ])("%s as %s", (body, contentType, expected) => {
    expect(bodyOf(body, contentType)).toEqual(expected);
  });

  test.each(['{"a": 1}', '{"a":1,"a":2}', '{"a":12345678901234567890}', "1.0"])(
    "%s would not serialise to the same bytes, which are added",
    (body) => {
      const raw = Buffer.from(body).toString("base64");
      expect(bodyOf(body, JSON_TYPE)).toMatchObject({ bodyEncoding: "json", raw });
    },
  );

  test("bytes that are not UTF-8 are shown as base64", () => {
    expect(bodyOf(Buffer.of(0xff), JSON_TYPE)).toEqual({ body: "/w==", bodyEncoding: "base64" });
  });
});

test("missing fields are omitted, a name without a value is null", () => {
  const record = toMessageRecord(message({ properties: { a: null, b: "" } }), ARRIVAL);
  expect(record).toEqual({
    type: "message",
    n: 2,
    receivedAt: "1970-01-01T00:00:00.000Z",
    deviceId: "d",
    properties: { a: null, b: "" },
    body: "",
    bodyEncoding: "utf8",
    bytes: 0,
    duplicate: false,
  });
});

test("times are in ISO 8601", () => {
  const record = toMessageRecord(
    message({
      system: { expiryTimeUtcMs: 1000, ack: "full" },
      enqueuedTimeUtcMs: 2000,
      sequenceNumber: 7,
      deliveryCount: 0,
    }),
    ARRIVAL,
  );
  expect(record).toMatchObject({
    expiryTimeUtc: "1970-01-01T00:00:01.000Z",
    enqueuedTimeUtc: "1970-01-01T00:00:02.000Z",
    sequenceNumber: 7,
    deliveryCount: 0,
    ack: "full",
  });
});

describe("text", () => {
  const plain = new Chalk({ level: 0 });

  test("matches the tutorial", () => {
    const received = message({
      body: "hi",
      system: { messageId: "m" },
      properties: { k: "v", empty: null },
    });
    expect(renderMessage(received, ARRIVAL, plain)).toBe(
      `Message received:
    hi
System properties:
    messageId: m
Application properties:
    k: v
    empty (no value)
Total calls received: 2
`,
    );
  });

  test("binary bodies are shown as base64, an empty one as such", () => {
    expect(renderMessage(message({ body: Buffer.of(0xff) }), ARRIVAL, plain)).toContain(
      "    (1 bytes, base64) /w==\n",
    );
    expect(renderMessage(message({}), ARRIVAL, plain)).toContain("    (empty)\n");
  });

  test("a duplicate is marked", () => {
    const again = { ...ARRIVAL, isDuplicate: true };
    expect(renderMessage(message({}), again, plain)).toContain("Duplicate");
    expect(renderMessage(message({}), ARRIVAL, plain)).not.toContain("Duplicate");
  });
});
