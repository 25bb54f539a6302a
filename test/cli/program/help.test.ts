import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { fitHelp } from "../../../src/cli/program/narrow-help.ts";
import { EXIT_CODE_SUMMARY } from "../../../src/cli/terminal/exit-code.ts";
import { SETTING_KEYS, settingOf } from "../../../src/config/settings.ts";
import { readAllHelp } from "../../docs/help.ts";
import { run } from "../support/run-command.ts";

const HELP = await readAllHelp();

test("every command has help", () => {
  expect(HELP.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["c2d-send", "c2d-send completion", "c2d-hub device create"]),
  );
});

describe.each(HELP)("$name --help", ({ text }) => {
  test("fits 80 columns", () => {
    expect(text.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });

  test("fits 40 columns, but for its examples, and loses no word", () => {
    const narrow = fitHelp(text, 40);
    const tooLong = narrow.split("\n").filter((line) => line.length > 40);
    expect(tooLong.filter((line) => !/^ {2}\$ |^ {6}[|"]|^ *\S+$/.test(line))).toEqual([]);
    const wordsOf = (help: string) => help.replace(/^ {2}#/gm, "").split(/\s+/);
    expect(wordsOf(narrow)).toEqual(wordsOf(text));
  });

  test("has examples, and the exit codes at its end", () => {
    expect(text.match(/^ {2}\$ /gm)?.length).toBeGreaterThanOrEqual(2);
    expect(text.endsWith(`\n\n${EXIT_CODE_SUMMARY}\n`)).toBe(true);
  });

  test("shows durations as users type them", () => {
    expect(text).not.toMatch(/default: \d{4,}/);
    expect(text.includes("<duration>")).toBe(text.includes("\nDurations: seconds, or 200ms"));
  });
});

test("c2d-send --help lists variables and placeholders", async () => {
  const { stdout } = await run("c2d-send", ["--help"], { directory: tmpdir() });
  const text = stdout.replace(/\s+/g, " ");
  for (const key of SETTING_KEYS) {
    const { flagOn, variable } = settingOf(key);
    if (flagOn?.includes("c2d-send") && variable) expect(text).toContain(`env: ${variable}`);
  }
  expect(text).toContain("{{windSpeed}}");
  expect(text).toContain("(default: 30s)");
});
