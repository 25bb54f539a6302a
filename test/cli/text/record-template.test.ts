import { describe, expect, test } from "vitest";
import { compileRecordTemplate } from "../../../src/cli/text/record-template.ts";

const KEYS = ["id", "idType", "n", "on", "list", "properties", "annotations"];

const RECORD = {
  id: "a",
  n: 7,
  on: false,
  list: [1, "\u001b[31m"],
  properties: {
    level: "high",
    "a b": "spaced",
    "x ": "ends with a space",
    "{{odd": "braces",
    "a\\nb": "backslash",
    "a.b": "dot",
    none: null,
    empty: "",
    evil: "\u001b[31m\nFaked line\u202e",
  },
  annotations: { source: "Telemetry" },
};

function fill(template: string, record: object = RECORD): string {
  return compileRecordTemplate(template, KEYS)(record);
}

test.each([
  ["{{id}}", "a"],
  ["{{ id }}={{n}}", "a=7"],
  ["{{on}} {{list}}", 'false [1,"\\u001b[31m"]'],
  ["[{{idType}}]", "[]"],
  ["{{properties.level}}", "high"],
  ["{{ properties.level }}", "high"],
  ["{{properties.a b}}", "spaced"],
  ["{{properties.x }}", "ends with a space"],
  ["{{properties.{{odd}}}", "braces}"],
  ["{{properties.a\\nb}}", "backslash"],
  ["{{properties.a.b}}", "dot"],
  ["{{properties.none}}", "null"],
  ["[{{properties.empty}}{{properties.missing}}]", "[]"],
  ["[{{properties.__proto__}}{{properties.constructor}}]", "[]"],
  ["{{annotations.source}}", "Telemetry"],
  ["{{annotations}}", '{"source":"Telemetry"}'],
  ['{"a":{"b":{{n}}}}', '{"a":{"b":7}}'],
  ["no names } { at all", "no names } { at all"],
  ["", ""],
])("%s becomes %s", (template, filled) => {
  expect(fill(template)).toBe(`${filled}\n`);
});

test("escape sequences are replaced in the template only", () => {
  expect(fill("\\n\\t{{id}}\\0\\\\n\\r")).toBe("\n\ta\0\\n\\r\n");
  expect(fill("{{id}}", { ...RECORD, id: "\\n" })).toBe("\\n\n");
});

test("{{json}} is the whole record on one line", () => {
  const line = fill("{{json}}");
  expect(JSON.parse(line)).toEqual(RECORD);
  expect(line).toMatch(/^[ -~]*\n$/);
});

test("values are made safe, and stay on one line", () => {
  expect(fill("{{properties.evil}}")).toBe("\\u001b[31m\\nFaked line\\u202e\n");
});

describe("a template is refused", () => {
  test.each([
    ["{{nope}}", "{{nope}} is not a key of the JSON form"],
    ["{{n}} {{message-id}}", "{{message-id}} is not a key"],
    ["{{}}", "{{}} is not a key"],
    ["{{nope.level}}", "{{nope.level}} is not a key"],
    ["{{ID}}", "{{ID}} is not a key"],
    ["{{n}} {{id", "'{{id' has no closing }}"],
    ["{{id} {{n}}", "'{{id} ' has no closing }}"],
  ])("%s: %s", (template, message) => {
    expect(() => fill(template)).toThrow(message);
  });

  test("with a list of the keys", () => {
    expect(() => fill("{{nope}}")).toThrow(
      expect.objectContaining({
        hint: `Keys: ${KEYS.join(", ")}, properties.<name>, annotations.<name>, json.`,
      }),
    );
  });
});
