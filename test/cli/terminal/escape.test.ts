import { expect, test } from "vitest";
import { escapeLine, escapeText } from "../../../src/cli/terminal/escape.ts";
import { formatJsonLine } from "../../../src/cli/terminal/json-line.ts";

test.each([
  ["\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["a\r\nb", "a\\r\\nb"],
  ["tab\there", "tab\\there"],
  ["\u0000\u0007\u007f", "\\u0000\\u0007\\u007f"],
  ["c1 \u009b31m", "c1 \\u009b31m"],
  ["bidi \u202e", "bidi \\u202e"],
  ["line \u2028", "line \\u2028"],
  ["tag \u{e0041}", "tag \\u{e0041}"],
  ["lone \ud800", "lone \\ud800"],
  ["ordinary ü 日本 👩‍💻 \\n", "ordinary ü 日本 👩‍💻 \\n"],
])("%j is shown as %s", (text, shown) => {
  expect(escapeLine(text)).toBe(shown);
});

test("text keeps only its newlines and tabs", () => {
  expect(escapeText("a\n\tb\r\u001b[2J")).toBe("a\n\tb\\r\\u001b[2J");
});

test("a JSON line contains no control character and parses back to the same value", () => {
  const value = { text: "\u001b[31m \u009b \u007f \u202e \u2028 \u{e0041} \n ü 👩" };
  const line = formatJsonLine(value);
  expect(line.endsWith("}\n")).toBe(true);
  expect(line.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(line)).toEqual(value);
});
