/** How bodies and other text from outside are shown. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { formsOf, readBody, showBody } from "../../src/page/content/body-forms.ts";
import { hexDump } from "../../src/page/content/hex-dump.ts";
import { layoutJson } from "../../src/page/content/layout-json.ts";
import {
  checkBody,
  checkProperties,
  newForm,
  toExpiry,
  toRequest,
} from "../../src/page/send/send-form-state.ts";
import { formatSpan } from "../../src/page/shared/format.ts";
import { visibleLine, visibleText } from "../../src/page/shared/visible-text.ts";

const bodyOf = (body: string | Uint8Array) => readBody(Buffer.from(body).toString("base64"));

test("JSON is laid out as JSON.stringify does", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const shallow = JSON.stringify(value);
      expect(layoutJson(shallow)).toBe(JSON.stringify(value, null, 2));
    }),
  );
});

test("no digit of a number is lost, and what is not JSON stays text", () => {
  expect(layoutJson('{"n":12345678901234567890.10}')).toBe('{\n  "n": 12345678901234567890.10\n}');
  expect(layoutJson("{")).toBeUndefined();
});

test("deep nesting does not become gigabytes of indentation", () => {
  const depth = 5000;
  const laidOut = layoutJson("[".repeat(depth) + "]".repeat(depth)) ?? "";
  expect(laidOut.length).toBeLessThan(depth * 120);
});

test("a body is shown as JSON, text or hex, the most readable first", () => {
  expect(formsOf(bodyOf("{}"))).toEqual(["JSON", "Text", "Hex"]);
  expect(formsOf(bodyOf("hello"))).toEqual(["Text", "Hex"]);
  expect(formsOf(bodyOf(new Uint8Array([0xff, 0])))).toEqual(["Hex"]);
});

test("of a long body the first part is shown, and all on request", () => {
  const body = bodyOf("x".repeat(256 * 1024));
  for (const form of ["Text", "Hex"] as const) {
    const first = showBody(body, form, { all: false, bytesPerLine: 16 });
    const full = showBody(body, form, { all: true, bytesPerLine: 16 });
    expect(first.isCut).toBe(true);
    expect(first.shown.length).toBeLessThan(20_000);
    expect(full.isCut).toBe(false);
    expect(full.shown.length).toBeGreaterThanOrEqual(256 * 1024);
  }
});

test("bytes are shown as hexdump does", () => {
  expect(hexDump(Buffer.from("ab\u0000~"), 8)).toBe("000000  61 62 00 7e              ab.~");
});

test("what cannot be seen is made visible", () => {
  expect(visibleLine("a\u202eb\u0000\n\u{e0001}\ud800")).toBe(
    "a\\u202eb\\u0000\\n\\u{e0001}\\ud800",
  );
  expect(visibleText("a\n\tb\u2066")).toBe("a\n\tb\\u2066");
  expect(visibleLine("👩‍👩‍👧 été עברית")).toBe("👩‍👩‍👧 été עברית");
});

test("the form becomes a request, without what was left empty", () => {
  const form = { ...newForm("device1"), messageId: "", expiry: "90", expiryUnit: "s" } as const;
  expect(toRequest(form)).toEqual({
    deviceId: "device1",
    body: form.body,
    contentType: "application/json",
    contentEncoding: "utf-8",
    expiresInMs: 90_000,
  });
  expect(toExpiry(form)).toBe("90s");
  expect(toRequest({ ...form, properties: [{ id: 1, name: "", value: "" }] })).not.toHaveProperty(
    "properties",
  );
  expect(toExpiry({ ...form, expiry: "1e2" })).toBe("100s");
});

test.each([
  [[["", "x"]], "A property has no name."],
  [
    [
      ["a", "1"],
      ["a", "2"],
    ],
    "Two properties are called a.",
  ],
  [
    [
      ["a", "1"],
      ["", ""],
      ["", ""],
    ],
    undefined,
  ],
] as const)("properties %j: %s", (properties, problem) => {
  const rows = properties.map(([name, value], id) => ({ id, name, value }));
  expect(checkProperties({ ...newForm("device1"), properties: rows })).toBe(problem);
});

test.each([
  [999, "999 ms"],
  [1996, "2.0 s"],
  [9949, "9.9 s"],
  [9950, "10 s"],
  [59_499, "59 s"],
  [59_600, "1 min"],
  [3_599_600, "1 h"],
])("%d ms is shown as %s", (spanMs, text) => {
  expect(formatSpan(spanMs)).toBe(text);
});

test("a body is checked only if it is to be JSON", () => {
  const form = { ...newForm("device1"), body: "{" };
  expect(checkBody(form)).toMatch(/./);
  expect(checkBody({ ...form, contentType: "text/plain" })).toBeUndefined();
  expect(
    checkBody({ ...form, contentType: "application/cloudevents+json; charset=utf-8" }),
  ).toMatch(/./);
});

test("nothing in the page turns text into markup or code", () => {
  const root = join(import.meta.dirname, "../../src/page");
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) =>
    /\.(tsx?|html)$/.test(path),
  );
  expect(files.length).toBeGreaterThan(40);
  for (const path of files) {
    const text = readFileSync(join(root, path), "utf8");
    expect([
      path,
      text.match(
        /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function|srcdoc|javascript:|\sstyle="/,
      ),
    ]).toEqual([path, null]);
  }
});
