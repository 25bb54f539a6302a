import { expect, test } from "vitest";
import {
  exitCodeOfTelemetry,
  TelemetryCounter,
  type TelemetryEnd,
} from "../../../src/cli/device/telemetry-tally.ts";
import type { TelemetryEvent } from "../../../src/client/device/telemetry-event.ts";
import { ClientError } from "../../../src/client/errors/client-error.ts";

const message = { system: {}, properties: {}, body: Buffer.alloc(0) };

const EVENTS = {
  confirmed: { type: "confirmed", confirmedAtMs: 0, isRepeated: false, isLate: false },
  late: { type: "confirmed", confirmedAtMs: 0, isRepeated: false, isLate: true },
  unconfirmed: { type: "unconfirmed", reason: "MessageTimeout", mayBeStored: true },
  failed: { type: "failed", error: new ClientError("MessageTooLarge", "no"), isLate: false },
  failedLate: { type: "failed", error: new ClientError("MessageTooLarge", "no"), isLate: true },
  sent: { type: "sent", isRepeated: true },
} as const;

function tallyOf(...names: readonly (keyof typeof EVENTS)[]) {
  const counter = new TelemetryCounter();
  names.forEach((name, index) => {
    counter.count({ ...EVENTS[name], index, message } as TelemetryEvent);
  });
  return counter.tally;
}

test("each message counts once, whatever is told of it", () => {
  expect(tallyOf("sent", "confirmed", "unconfirmed", "failed")).toEqual({
    sent: 3,
    confirmed: 1,
    unconfirmed: 1,
    failed: 1,
  });
  expect(tallyOf("unconfirmed", "late")).toEqual(tallyOf("confirmed"));
  expect(tallyOf("unconfirmed", "failedLate")).toEqual(tallyOf("failed"));
});

test.each<readonly [readonly (keyof typeof EVENTS)[], TelemetryEnd, number | undefined, number]>([
  [["confirmed", "confirmed"], "sent", 2, 0],
  [["confirmed", "unconfirmed", "late"], "sent", 2, 0],
  [["confirmed", "unconfirmed"], "sent", 2, 124],
  [["confirmed", "failed"], "sent", 2, 6],
  [["unconfirmed", "failed"], "SIGINT", 3, 6],
  [["confirmed"], "timeout", 2, 124],
  [["confirmed"], "SIGINT", 2, 130],
  [["confirmed"], "SIGTERM", 2, 143],
  [["confirmed", "confirmed"], "SIGTERM", 2, 0],
  [["unconfirmed"], "SIGINT", undefined, 0],
  [["confirmed"], "timeout", undefined, 0],
  [["failed"], "sent", undefined, 6],
])("%j, then %s, of %s ends with %i", (names, end, count, code) => {
  expect(exitCodeOfTelemetry(tallyOf(...names), end, count)).toBe(code);
});
