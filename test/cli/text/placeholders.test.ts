import { expect, test } from "vitest";
import {
  compileTemplate,
  findUnknownPlaceholder,
  makeWindSpeed,
  type PlaceholderValues,
} from "../../../src/cli/text/placeholders.ts";

const VALUES: PlaceholderValues = {
  n: 3,
  run: "0a1b2c3d",
  uuid: "u",
  iso: "2030-01-01T00:00:00.000Z",
  epochMs: 7,
  deviceId: "d$&",
  windSpeed: "12.34",
};

test.each([
  ["message_{{n}}_{{run}}", "message_3_0a1b2c3d"],
  ["{{uuid}} {{iso}} {{epochMs}}", "u 2030-01-01T00:00:00.000Z 7"],
  ["{{ n }}", "3"],
  ["{{deviceId}}", "d$&"],
  ['{"wind": {{windSpeed}}}', '{"wind": 12.34}'],
  ["{n} {{}} {{other}}", "{n} {{}} {{other}}"],
])("%s becomes %s", (text, filled) => {
  expect(compileTemplate(text)(VALUES)).toBe(filled);
});

test("an unknown placeholder is reported", () => {
  expect(findUnknownPlaceholder("{{n}} {{count}}")).toBe("{{count}}");
  expect(findUnknownPlaceholder("{{n}} {{run}} {x} {{}}")).toBeUndefined();
});

test("a wind speed is between 12.00 and 16.00, with two decimals", () => {
  expect(makeWindSpeed(() => 0)).toBe("12.00");
  expect(makeWindSpeed(() => 0.5)).toBe("14.00");
  expect(makeWindSpeed(() => 0.9999)).toBe("16.00");
});
