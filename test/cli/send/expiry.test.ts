import { expect, test } from "vitest";
import { expiryTimeMs, parseExpiry } from "../../../src/cli/send/expiry.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";

const NOW_MS = Date.UTC(2030, 0, 1);
const HOUR_MS = 3_600_000;

test.each([
  [String(NOW_MS + 1), NOW_MS + 1],
  ["2030-01-01T01:00:00Z", NOW_MS + HOUR_MS],
  ["2030-01-01T01:00:00", NOW_MS + HOUR_MS],
  ["2030-01-01T03:00:00+02:00", NOW_MS + HOUR_MS],
  ["2030-01-02", NOW_MS + 24 * HOUR_MS],
  ["90s", NOW_MS + 90_000],
  ["PT1H", NOW_MS + HOUR_MS],
])("%s", (text, expected) => {
  expect(expiryTimeMs(parseExpiry(text, NOW_MS), NOW_MS)).toBe(expected);
});

test("a duration is relative to the time each message is sent", () => {
  expect(expiryTimeMs(parseExpiry("90s", NOW_MS), NOW_MS + 1000)).toBe(NOW_MS + 91_000);
});

test.each([
  "60",
  String(NOW_MS),
  "2029-12-31T23:59:59Z",
  "2030-13-01T00:00:00Z",
  "tomorrow",
  "-5s",
  "0s",
  "",
  "99999999999999999",
])("%s is refused", (text) => {
  expect(() => parseExpiry(text, NOW_MS)).toThrow(UsageError);
});
