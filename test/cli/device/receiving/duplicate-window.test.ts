import { expect, test } from "vitest";
import { DuplicateWindow } from "../../../../src/cli/device/receiving/duplicate-window.ts";
import type { ReceivedMessage } from "../../../../src/client/connection/device-connection.ts";

function message(parts: Partial<ReceivedMessage> = {}): ReceivedMessage {
  return {
    system: { messageId: "m" },
    properties: {},
    body: Buffer.from("body"),
    isRedelivered: false,
    malformed: [],
    ...parts,
  };
}

function isDuplicate(
  first: ReceivedMessage,
  second: ReceivedMessage,
  connections: readonly [number, number] = [1, 1],
): boolean {
  const window = new DuplicateWindow();
  expect(window.mark(first, connections[0])).toBe(false);
  const isKnown = window.has(second, connections[1]);
  expect(window.mark(second, connections[1])).toBe(isKnown);
  return isKnown;
}

test.each<readonly [string, ReceivedMessage, ReceivedMessage, readonly [number, number], boolean]>([
  ["marked by the protocol", message(), message({ isRedelivered: true }), [1, 1], true],
  ["two equal messages are two", message(), message(), [1, 1], false],
  ["again after a reconnect", message(), message(), [1, 2], true],
  [
    "equal and without id after a reconnect: not known to be the same",
    message({ system: {} }),
    message({ system: {} }),
    [1, 2],
    false,
  ],
  [
    "marked as redelivered, but printed by an earlier run",
    message({ body: Buffer.from("other") }),
    message({ isRedelivered: true }),
    [1, 1],
    false,
  ],
  ["the same number", message({ sequenceNumber: 1 }), message({ sequenceNumber: 1 }), [1, 1], true],
  ["another number", message({ sequenceNumber: 1 }), message({ sequenceNumber: 2 }), [1, 2], false],
  [
    "the same number after the queue was recreated",
    message({ sequenceNumber: 1, enqueuedTimeUtcMs: 1 }),
    message({ sequenceNumber: 1, enqueuedTimeUtcMs: 2 }),
    [1, 2],
    false,
  ],
])("%s", (_title, first, second, connections, expected) => {
  expect(isDuplicate(first, second, connections)).toBe(expected);
});

test("the window is bounded: the oldest entries are dropped", () => {
  const window = new DuplicateWindow();
  for (let n = 0; n <= 10_000; n += 1) window.mark(message({ sequenceNumber: n }), 1);
  expect(window.has(message({ sequenceNumber: 0 }), 1)).toBe(false);
  expect(window.has(message({ sequenceNumber: 1 }), 1)).toBe(true);
});
