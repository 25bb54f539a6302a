/** The promised exit codes, the code, `--help` and docs/errors.md agree. */

import { expect, test } from "vitest";
import { EXIT_CODE_SUMMARY, EXIT_CODES } from "../../src/cli/terminal/exit-code.ts";
import { PAGES, readPage, section, tableRows } from "./pages.ts";

/** Scripts rely on these: they do not change. */
const PROMISED = [0, 1, 2, 3, 4, 5, 6, 7, 8, 124, 130, 143];

test("the code has exactly the promised exit codes", () => {
  expect(Object.values(EXIT_CODES).sort((a, b) => a - b)).toEqual(PROMISED);
});

test("--help lists each once, in order, in two lines", () => {
  expect(EXIT_CODE_SUMMARY.match(/\d+/g)?.map(Number)).toEqual(PROMISED);
  expect(EXIT_CODE_SUMMARY.split("\n")).toHaveLength(2);
});

test("docs/errors.md lists each once, in order", () => {
  const rows = tableRows(section("docs/errors.md", "Exit codes")).slice(1);
  expect(rows.flatMap(([codes = ""]) => codes.split(", ").map(Number))).toEqual(PROMISED);
});

test.each(PAGES)("%s mentions no other exit code", (page) => {
  const spoken = readPage(page).matchAll(/\b(?:exits?|ends?)(?: with)?(?: code)? (\d+)\b/g);
  expect(
    [...spoken].map(([, code]) => Number(code)).filter((code) => !PROMISED.includes(code)),
  ).toEqual([]);
});
