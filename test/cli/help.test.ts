import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import { EXIT_CODE_MEANINGS, EXIT_CODES } from "../../src/cli/terminal/exit-code.ts";
import { SETTING_KEYS, settingOf } from "../../src/config/settings.ts";
import { type ExecutableName, run } from "./support/run-command.ts";

const COMMANDS: readonly (readonly [ExecutableName, readonly string[]])[] = [
  ["c2d-send", []],
  ["c2d-send", ["completion"]],
  ["c2d-hub", []],
  ["c2d-hub", ["start"]],
  ["c2d-hub", ["stop"]],
  ["c2d-hub", ["status"]],
  ["c2d-hub", ["env"]],
];

describe.each(COMMANDS)("%s %j --help", (name, args) => {
  test("fits 80 columns, and has examples and exit codes", async () => {
    const { code, stdout } = await run(name, [...args, "--help"], { directory: tmpdir() });
    expect(code).toBe(0);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stdout.match(/^ {2}\$ /gm)?.length).toBeGreaterThanOrEqual(2);
    for (const [exitCode, meaning] of EXIT_CODE_MEANINGS) {
      expect(stdout).toContain(`  ${exitCode.padEnd(9)}${meaning}`);
    }
    expect(stdout).not.toMatch(/default: \d{4,}/);
  });
});

test("c2d-send names each variable, durations and templates", async () => {
  const { stdout } = await run("c2d-send", ["--help"], { directory: tmpdir() });
  const text = stdout.replace(/\s+/g, " ");
  for (const key of SETTING_KEYS) {
    const { flagOn, variable } = settingOf(key);
    if (flagOn?.includes("c2d-send") && variable) expect(text).toContain(`env: ${variable}`);
  }
  expect(text).toContain("Durations: seconds, or 200ms");
  expect(text).toContain("{{windSpeed}}");
  expect(text).toContain("(default: 30s)");
});

test("every exit code has a meaning", () => {
  const told = EXIT_CODE_MEANINGS.flatMap(([code]) => code.split(", ")).map(Number);
  expect(told).toEqual(Object.values(EXIT_CODES));
});
