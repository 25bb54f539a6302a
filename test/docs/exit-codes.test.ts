/** Exit codes: the contract, the code and README agree. */

import { expect, test } from "vitest";
import { EXIT_CODE_SUMMARY, EXIT_CODES } from "../../src/cli/terminal/exit-code.ts";
import { PAGES, readPage, section, tableRows } from "./pages.ts";

/** The contract with scripts: it does not change. */
const PROMISED = [0, 1, 2, 3, 4, 5, 6, 7, 124, 130, 143];

test("the code has the documented ones", () => {
  expect(Object.values(EXIT_CODES).sort((a, b) => a - b)).toEqual(PROMISED);
});

test("--help lists them in two lines, each once, in order", () => {
  expect(EXIT_CODE_SUMMARY.match(/\d+/g)?.map(Number)).toEqual(PROMISED);
  expect(EXIT_CODE_SUMMARY.split("\n")).toHaveLength(2);
});

test("docs/errors.md lists them, each once, in order", () => {
  const rows = tableRows(section("docs/errors.md", "Exit codes")).slice(1);
  expect(rows.flatMap(([codes = ""]) => codes.split(", ").map(Number))).toEqual(PROMISED);
});

test.each(PAGES)("%s mentions no other", (page) => {
  const spoken = readPage(page).matchAll(/\b(?:exits? (?:code )?|ends? with (?:code )?)(\d+)\b/g);
  expect(
    [...spoken].map(([, code]) => Number(code)).filter((code) => !PROMISED.includes(code)),
  ).toEqual([]);
});
