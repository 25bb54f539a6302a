import { expect, test } from "vitest";
import { toMessageRecord } from "../../../src/cli/device/receiving/message-record.ts";
import { LineError, parseMessageLine } from "../../../src/cli/send/recorded/parse-message-line.ts";
import { formatJsonLine } from "../../../src/cli/terminal/json-line.ts";
import type { Message } from "../../../src/core/message.ts";

function roundTrip(message: Message) {
  const received = { ...message, isRedelivered: false, malformed: [] };
  const arrival = { n: 1, receivedAtMs: 0, deviceId: "d", isDuplicate: false };
  return parseMessageLine(Buffer.from(formatJsonLine(toMessageRecord(received, arrival))));
}

test.each<readonly [string, Message]>([
  ["nothing but an empty body", { system: {}, properties: {}, body: Buffer.alloc(0) }],
  ["bytes", { system: {}, properties: {}, body: Buffer.of(0, 255) }],
  ["text", { system: {}, properties: { a: null, b: "", c: "=;\u001b" }, body: Buffer.from("ü\n") }],
  [
    "JSON that would not serialise to the same bytes",
    {
      system: { contentType: "application/json" },
      properties: {},
      body: Buffer.from('{"a": 1.0}'),
    },
  ],
  [
    "JSON and every system property",
    {
      system: {
        messageId: "m",
        correlationId: "c",
        userId: "u",
        contentType: "application/json",
        contentEncoding: "utf-8",
        expiryTimeUtcMs: 1000,
        ack: "full",
      },
      properties: {},
      body: Buffer.from('{"a":1}'),
    },
  ],
])("output of listen can be read back: %s", (_title, message) => {
  const { deviceId, message: read } = roundTrip(message) ?? {};
  expect(deviceId).toBe("d");
  expect(read?.system).toEqual(message.system);
  expect(read?.properties).toEqual(message.properties);
  expect(Buffer.from(read?.body ?? [])).toEqual(message.body);
});

test.each(["", " ", '{"type":"ready"}', '{"type":"summary"}', '{"type":"event","body":1}'])(
  "'%s' is skipped silently",
  (text) => {
    expect(parseMessageLine(Buffer.from(text))).toBeUndefined();
  },
);

test.each([
  "text",
  '{"type":"message","body":"@@@","bodyEncoding":"base64"}',
  "[]",
  "{}",
  '{"type":"massage"}',
  '{"type":"message"}',
  '{"type":"message","body":1,"bodyEncoding":"utf8"}',
  '{"type":"message","body":"","bodyEncoding":"latin1"}',
  '{"type":"message","body":"","bodyEncoding":"utf8","messageId":1}',
  '{"type":"message","body":"","bodyEncoding":"utf8","expiryTimeUtc":"soon"}',
  '{"type":"message","body":"","bodyEncoding":"utf8","ack":"some"}',
  '{"type":"message","body":"","bodyEncoding":"utf8","properties":{"a":1}}',
])("%s is an error", (text) => {
  expect(() => parseMessageLine(Buffer.from(text))).toThrow(LineError);
});

test("bytes that are not UTF-8 are refused", () => {
  const line = Buffer.from('{"type":"message","body":"\xff","bodyEncoding":"utf8"}', "latin1");
  expect(() => parseMessageLine(line)).toThrow("not UTF-8");
});
