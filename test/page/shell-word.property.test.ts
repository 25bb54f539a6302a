/** A quoted word reaches a program as it was, whatever it holds. */

import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shellWord } from "../../src/page/shared/shell-word.ts";
import { onPosix } from "../support/platform.ts";

const SEPARATOR = "\u0001|";

/** NUL cannot be part of an argument. */
const text = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."'\"$`\\!~*?[]{}();&|<>#= \t\n\r\u001b\u0085-a%") }),
  )
  .filter((value) => !value.includes("\0") && !value.includes(SEPARATOR));

function throughShell(words: readonly string[]): string {
  const quoted = words.map(shellWord).join(" ");
  return execFileSync("sh", ["-c", `printf '%s${SEPARATOR}' ${quoted}`], { encoding: "utf8" });
}

test.runIf(onPosix("shell"))("sh gives each word on unchanged", () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (words) => {
      expect(throughShell(words)).toBe(words.map((word) => word + SEPARATOR).join(""));
    }),
    { numRuns: 60 },
  );
});

test("plain words stay as they are", () => {
  expect(["device1", "a=b", "--local", "application/json"].map(shellWord)).toEqual([
    "device1",
    "a=b",
    "--local",
    "application/json",
  ]);
  expect(["", "=a", "it's", "a b"].map(shellWord)).toEqual(["''", "'=a'", "'it'\\''s'", "'a b'"]);
});

test("a word holds no character that would edit the line that it is pasted into", () => {
  fc.assert(
    fc.property(text, (value) => {
      expect(shellWord(value)).not.toMatch(/[^\n\P{Cc}]/u);
    }),
  );
});
