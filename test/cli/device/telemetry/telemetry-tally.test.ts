import { expect, test } from "vitest";
import { TelemetryCounter } from "../../../../src/cli/device/telemetry/telemetry-tally.ts";
import type { TelemetryEvent } from "../../../../src/client/device/telemetry-event.ts";
import { ClientError } from "../../../../src/client/errors/client-error.ts";

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

test("each message is counted once, whatever events follow", () => {
  expect(tallyOf("sent", "confirmed", "unconfirmed", "failed")).toEqual({
    sent: 3,
    confirmed: 1,
    unconfirmed: 1,
    failed: 1,
  });
  expect(tallyOf("unconfirmed", "late")).toEqual(tallyOf("confirmed"));
  expect(tallyOf("unconfirmed", "failedLate")).toEqual(tallyOf("failed"));
});
