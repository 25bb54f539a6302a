import { expect, test } from "vitest";
import { parseProperties } from "../../../src/cli/message/property-flags.ts";
import { UsageError } from "../../../src/cli/terminal/usage-error.ts";

test.each<readonly [readonly string[] | undefined, string | undefined, Record<string, string>]>([
  [undefined, undefined, {}],
  [["a=b"], undefined, { a: "b" }],
  [["a=b=c"], undefined, { a: "b=c" }],
  [["a="], undefined, { a: "" }],
  [undefined, "a=b;c=d", { a: "b", c: "d" }],
  [undefined, "a=b;", { a: "b" }],
  [undefined, "a=b\\;c;d=e", { a: "b;c", d: "e" }],
  [["e=f"], "a=b;c=d=d", { a: "b", c: "d=d", e: "f" }],
])("%j and %j are %j", (pairs, bag, properties) => {
  expect(parseProperties(pairs, bag)).toEqual({ properties, warnings: [] });
});

test.each<readonly [readonly string[] | undefined, string | undefined]>([
  [["a"], undefined],
  [["=b"], undefined],
  [undefined, "a=b;c"],
  [undefined, "a=b;;c=d"],
  [["a=1", "a=2"], undefined],
  [["a=1"], "a=2"],
  [["iothub-ack=full"], undefined],
  [["IoTHub-messageid=x"], undefined],
  [["$.mid=x"], undefined],
  [["dt-subject=x"], undefined],
])("%j and %j are refused", (pairs, bag) => {
  expect(() => parseProperties(pairs, bag)).toThrow(UsageError);
});

test("a value in az's list form is kept unchanged, with a warning", () => {
  const { properties, warnings } = parseProperties(["a=b;c=d"]);
  expect(properties).toEqual({ a: "b;c=d" });
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain("--properties");
});

test("a property may be named __proto__", () => {
  expect(Object.keys(parseProperties(["__proto__=x"]).properties)).toEqual(["__proto__"]);
});
