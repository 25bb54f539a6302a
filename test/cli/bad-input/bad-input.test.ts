/** Bad input is reported with an error name, an exit code and a next step, without secrets or unsafe characters. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, parseLines, RunningCommand } from "../support/run-command.ts";
import { CONFIGURATION_ROWS } from "./configuration-rows.ts";
import { TestEnvironment } from "./environment.ts";
import { HUB_COMMAND_ROWS } from "./hub-command-rows.ts";
import { HUB_ROWS } from "./hub-rows.ts";
import type { BadInput } from "./row.ts";
import { TELEMETRY_ROWS } from "./telemetry-rows.ts";
import { USAGE_ROWS } from "./usage-rows.ts";

/** Longer than the limits of any row: a command still running then hangs. */
const HANGS_AFTER_MS = 100_000;

/** Control characters except line feed, and characters that change the text direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds control characters.
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/;

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await TestEnvironment.setUp();
});

afterAll(() => environment.tearDown());

const TABLE = [
  ...USAGE_ROWS,
  ...CONFIGURATION_ROWS,
  ...HUB_ROWS,
  ...HUB_COMMAND_ROWS,
  ...TELEMETRY_ROWS,
].map((row) => ({
  label: `${row.executable}: ${row.title}`,
  row,
}));

test("each row has a unique name", () => {
  expect(new Set(TABLE.map(({ label }) => label)).size).toBe(TABLE.length);
});

describe.concurrent("as JSON", () => {
  test.each(TABLE.filter(({ row }) => !row.isTextOnly))("$label", async ({ row }) => {
    const filled = environment.fill(row);
    const ended = await environment.inTurn(row, () => runToEnd(filled, inJson(filled)));
    expectNothingUnsafe(filled, ended);
    const errors = parseLines(jsonLinesOf(ended.stderr)).filter(({ type }) => type === "error");
    expect(errors).toContainEqual({
      type: "error",
      code: row.code,
      name: row.name,
      message: expect.stringMatching(/\S/),
      hint: expect.stringMatching(/\S/),
    });
    expect(errors.map(({ message, hint }) => `${message}\n${hint}`).join("\n")).toMatch(
      filled.says ?? "",
    );
    expect(ended.code).toBe(row.code);
  });
});

// Text output needs a check of its own only for rows with unsafe values.
describe.concurrent("as text", () => {
  test.each(TABLE.filter(({ row }) => !isHarmless(row)))("$label", async ({ row }) => {
    const filled = environment.fill(row);
    const ended = await environment.inTurn(row, () => runToEnd(filled, filled.args));
    expectNothingUnsafe(filled, ended);
    expect(ended.stderr).toMatch(/^error: /m);
    expect(ended.stderr).toMatch(/^hint: /m);
    expect(ended.stderr).toMatch(filled.says ?? "");
    expect(ended.code).toBe(row.code);
  });
});

/** `--output=json` follows the command and subcommand. */
function inJson({ executable, args }: BadInput): readonly string[] {
  const ofService = executable === "c2d-send" ? 0 : 1;
  const commands = args[0] === "device" ? 2 : ofService;
  return [...args.slice(0, commands), "--output=json", ...args.slice(commands)];
}

/** Uses a separate home without a hub. */
async function runToEnd(row: BadInput, args: readonly string[]): Promise<Ended> {
  const directory = environment.directoryFor(row);
  const command = new RunningCommand(row.executable, args, {
    directory,
    env: { C2D_HOME: `${directory}/none`, ...row.env },
    ...(row.stdin !== undefined && { stdin: row.stdin }),
  });
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    command.interrupt();
  }, HANGS_AFTER_MS);
  const ended = await command.ended;
  clearTimeout(timer);
  await environment.stopStray(directory);
  expect(hangs, "it hangs").toBe(false);
  return ended;
}

function expectNothingUnsafe(row: BadInput, { stdout, stderr }: Ended): void {
  const shown = `${stdout}${stderr}`;
  expect(shown).not.toMatch(CONTROL);
  expect(shown).not.toMatch(/^ {4}at /m);
  for (const secret of secretsOf(row)) expect(shown).not.toContain(secret);
}

function isHarmless(row: BadInput): boolean {
  const { args, env, files, stdin = "" } = row;
  const isPlain = !CONTROL.test([...args, ...texts(env), ...texts(files), stdin].join(""));
  return !row.isTextOnly && isPlain && secretsOf(row).length === 0;
}

function texts(values: object = {}): readonly unknown[] {
  return Object.values(values).filter((value) => typeof value === "string");
}

/** Keys and signatures anywhere in the row, encoded and decoded. */
function secretsOf({ args, env = {}, files = {}, secrets = [] }: BadInput): readonly string[] {
  const contents = Object.values(files).filter((content) => typeof content === "string");
  const text = [...args, ...Object.values(env), ...contents].join("\n");
  const found = [...text.matchAll(/(?:SharedAccessKey|sig)(?:=|%3D)([\w+/%]{8,}=*)/g)];
  const values = found.map(([, value = ""]) => value.replace(/%3D$/, ""));
  return [...values, ...values.map((value) => value.replace(/=+$/, "")), ...secrets];
}

/** With -o json, the banner and progress are still text. */
function jsonLinesOf(stderr: string): string {
  return stderr
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .join("\n");
}
