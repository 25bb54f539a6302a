import { expect, it } from "vitest";
import { parseEnqueuedTime } from "../../../../src/cli/hub/monitor-events/enqueued-time.ts";

it.each([
  ["0", 0],
  ["1700000000123", 1_700_000_000_123],
  ["2026-01-31", Date.UTC(2026, 0, 31)],
  ["2026-01-31T12:00:00.5Z", Date.UTC(2026, 0, 31, 12, 0, 0, 500)],
  ["2026-01-31T12:00", Date.UTC(2026, 0, 31, 12)],
  ["2026-01-31T12:00:00+02:00", Date.UTC(2026, 0, 31, 10)],
  ["100000d", 0],
])("%s is a point in time", (text, timeMs) => {
  expect(parseEnqueuedTime(text)).toBe(timeMs);
});

it.each([
  ["10m", 600_000],
  ["PT10M", 600_000],
  ["1.5h", 5_400_000],
  ["0s", 0],
])("%s is relative to now", (text, spanMs) => {
  const beforeMs = Date.now();
  const timeMs = parseEnqueuedTime(text);
  expect(timeMs).toBeGreaterThanOrEqual(beforeMs - spanMs);
  expect(timeMs).toBeLessThanOrEqual(Date.now() - spanMs);
});

it.each(["", "now", "yesterday", "-10m", "10 m", "2026-13-45", "99999999999999999", "P1Y", "1e3"])(
  "'%s' is refused",
  (text) => {
    expect(() => parseEnqueuedTime(text)).toThrow("epoch milliseconds");
  },
);
