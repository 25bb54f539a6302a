import { expect, test } from "vitest";
import { formatDuration } from "../../../src/async/format-duration.ts";
import { parseDuration } from "../../../src/cli/text/duration.ts";

test.each([
  ["0", 0],
  ["5", 5000],
  ["1.5", 1500],
  ["200ms", 200],
  ["90s", 90_000],
  ["10m", 600_000],
  ["2h", 7_200_000],
  ["1d", 86_400_000],
  ["0.5h", 1_800_000],
  ["PT1H", 3_600_000],
  ["PT1H30M", 5_400_000],
  ["PT0.5S", 500],
  ["P1D", 86_400_000],
  ["P1DT1S", 86_401_000],
  ["P2W", 1_209_600_000],
  ["pt5m", 300_000],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  "",
  " ",
  "abc",
  "-1",
  "-1s",
  "1 s",
  "5x",
  "1e3",
  "s",
  "P",
  "PT",
  "P1M",
  "P1Y",
  "P1DT",
  "1h30m",
  "Infinity",
  "99999999999999999d",
])("'%s' is not a duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [40, "40 ms"],
  [1500, "1.5 s"],
  [60_000, "60 s"],
  [600_000, "10 min"],
  [86_400_000, "24 h"],
])("%i ms is shown as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
