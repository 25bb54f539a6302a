/** The declared keys of each JSON line are the ones that it has. */

import { expect, test } from "vitest";
import { MESSAGE_KEYS, toMessageRecord } from "../../../src/cli/device/receiving/message-record.ts";
import { EVENT_KEYS, toEventRecord } from "../../../src/cli/hub/monitor-events/event-record.ts";
import { FEEDBACK_KEYS, formatFeedbackJson } from "../../../src/cli/text/feedback-text.ts";

/** Everything that can be there. */
const CONTENT = {
  system: {
    messageId: "m",
    correlationId: "c",
    userId: "u",
    to: "/devices/d/messages/devicebound",
    expiryTimeUtcMs: 1,
    contentType: "application/json",
    contentEncoding: "utf-8",
    ack: "full",
  },
  properties: {},
  enqueuedTimeUtcMs: 2,
  sequenceNumber: 3,
  // Not what JSON.stringify would write, so that `raw` is there.
  body: Buffer.from("1.0"),
} as const;

const keysOf = (line: string): readonly string[] => Object.keys(JSON.parse(line) as object);

test("of a message", () => {
  const message = { ...CONTENT, deliveryCount: 1, isRedelivered: true, malformed: [] };
  const arrival = {
    n: 1,
    receivedAtMs: 0,
    deviceId: "d",
    isDuplicate: true,
    file: "f",
    exitCode: 0,
  };
  expect(keysOf(JSON.stringify(toMessageRecord(message, arrival)))).toEqual(MESSAGE_KEYS);
});

test("of an event", () => {
  const event = { ...CONTENT, partitionId: "0", offset: "1", deviceId: "d", annotations: {} };
  expect(keysOf(JSON.stringify(toEventRecord(event)))).toEqual(EVENT_KEYS);
});

test("of a feedback record", () => {
  const record = {
    originalMessageId: "m",
    deviceId: "d",
    deviceGenerationId: "1",
    statusCode: "Success",
    description: "Success",
    enqueuedTimeUtcMs: 0,
  } as const;
  expect(keysOf(formatFeedbackJson(record))).toEqual(FEEDBACK_KEYS);
});
