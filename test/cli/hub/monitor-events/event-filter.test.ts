import { expect, test } from "vitest";
import {
  EventFilter,
  parseWantedProperties,
} from "../../../../src/cli/hub/monitor-events/event-filter.ts";
import type { ReceivedEvent } from "../../../../src/client/events/received-event.ts";

const EVENT: ReceivedEvent = {
  partitionId: "0",
  sequenceNumber: 0,
  deviceId: "line1-a",
  system: { messageId: "m" },
  properties: { level: "alarm", "a=b": "c=d", none: null, empty: "" },
  annotations: { source: "Telemetry" },
  body: Buffer.alloc(0),
};

function matches(pattern: string | undefined, ...pairs: readonly string[]): boolean {
  const device = pattern === undefined ? undefined : { deviceId: pattern, from: "--device-id" };
  return new EventFilter(device, parseWantedProperties(pairs)).matches(EVENT);
}

test.each([
  [undefined, [], true],
  ["line1-*", [], true],
  ["line2-*", [], false],
  [undefined, ["level=alarm"], true],
  [undefined, ["level=alar"], false],
  [undefined, ["level=a*"], false],
  [undefined, ["level=alarm", "empty="], true],
  [undefined, ["level=alarm", "empty=1"], false],
  [undefined, ["none="], true],
  [undefined, ["none=null"], false],
  [undefined, ["missing="], false],
  [undefined, ["constructor="], false],
  [undefined, ["messageId=m"], false],
  [undefined, ["source=Telemetry"], false],
  [undefined, ["a=b=c=d"], false],
  ["line1-*", ["level=alarm"], true],
  ["line2-*", ["level=alarm"], false],
  ["line1-*", ["level=info"], false],
] as const)("device %s and properties %j: %s", (pattern, pairs, isMatch) => {
  expect(matches(pattern, ...pairs)).toBe(isMatch);
});

test("an event of no device matches only without a device", () => {
  const { deviceId: _, ...event } = EVENT;
  const wanted = parseWantedProperties([]);
  expect(new EventFilter(undefined, wanted).matches(event)).toBe(true);
  expect(new EventFilter({ deviceId: "*", from: "" }, wanted).matches(event)).toBe(false);
});
