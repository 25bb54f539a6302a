/** Stdin that is closed, cannot be read or is not text, and arguments that are not UTF-8. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { parseLines } from "../support/run-executable.ts";

const BIN = fileURLToPath(new URL("../../../bin", import.meta.url));
const EXECUTABLE = join(BIN, "c2d-send.js");
const directory = sharedDirectory();
const DRY_RUN = ["--local", "--dry-run", "-o", "json"];
const OPTIONS = {
  cwd: directory,
  env: { PATH: process.env.PATH, HOME: directory, C2D_HOME: directory },
  encoding: "utf8",
  timeout: 120_000,
} as const;

test("a body that is not UTF-8 is refused, with a hint on how to send it", () => {
  const { status, stderr } = spawnSync(EXECUTABLE, [...DRY_RUN, "--data", "-"], {
    ...OPTIONS,
    input: Buffer.of(0xff, 0xfe, 0x80),
  });
  expect(parseLines(stderr)).toMatchObject([
    { name: "UsageError", code: 2, hint: expect.stringContaining("--data-file-path") },
  ]);
  expect(status).toBe(2);
});

test("an argument that is not UTF-8 is refused", () => {
  const { status, stdout, stderr } = spawnSync(
    "sh",
    ["-c", `exec "$@" --data "$(printf 'a\\377b')"`, "sh", EXECUTABLE, ...DRY_RUN],
    OPTIONS,
  );
  expect(parseLines(stderr)).toMatchObject([
    { name: "UsageError", code: 2, hint: expect.stringContaining("--data-file-path") },
  ]);
  expect(stdout).toBe("");
  expect(status).toBe(2);
});

const showsArguments = existsSync("/proc/self/cmdline");
if (!showsArguments) console.warn("SKIPPED: this system does not show a typed U+FFFD as bytes.");

test.skipIf(!showsArguments)("a typed U+FFFD is accepted", () => {
  const { status, stdout } = spawnSync(EXECUTABLE, [...DRY_RUN, "--data", "a\uFFFDb"], OPTIONS);
  expect(parseLines(stdout)[0]).toMatchObject({ body: "a\uFFFDb" });
  expect(status).toBe(0);
});

// Node opens /dev/null instead, so it reads as empty and nothing hangs.
test.each([
  { args: "--data -", code: 0, last: { type: "summary", sent: 0 } },
  { args: "--lines", code: 0, last: { type: "summary", sent: 0 } },
  { args: "--from - -d other", code: 0, last: { type: "summary", sent: 0 } },
])("closed stdin: c2d-send $args", ({ args, code, last }) => {
  const { status, stdout } = sendWithoutStdin(args);
  expect(parseLines(stdout).at(-1)).toMatchObject(last);
  expect(status).toBe(code);
});

test("a JSON body from a closed stdin is refused", () => {
  const { status, stderr } = sendWithoutStdin("--data - --ct application/json");
  expect(parseLines(stderr)).toMatchObject([{ name: "UsageError", code: 2 }]);
  expect(status).toBe(2);
});

// Node puts an empty stream in place of a directory.
test.each([
  { command: "c2d-send", args: "--data -" },
  { command: "c2d-send", args: "--lines" },
  { command: "c2d-send", args: "--from - -d other" },
  { command: "c2d-device", args: "telemetry --data - --count 1" },
])("stdin that is a directory is refused: $command $args", ({ command, args }) => {
  const { status, stdout, stderr } = runInShell(`${command} ${args} --local -o json <.`);
  expect(parseLines(stderr)).toEqual([
    {
      type: "error",
      code: 2,
      name: "UsageError",
      message: expect.stringMatching(/^--(data -|lines|from): stdin cannot be read \(EISDIR\)$/),
      hint: expect.any(String),
    },
  ]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(existsSync(join(directory, "hub.log"))).toBe(false);
});

test("a directory on stdin is nothing to a command that does not read it", () => {
  const { status } = runInShell("c2d-send --local --dry-run --data x <.");
  expect(status).toBe(0);
});

test.each(["--data -", "--lines", "--from - -d other"])(
  "stdin that is open for writing only is refused: c2d-send %s",
  (args) => {
    const { status, stderr } = runInShell(`c2d-send ${DRY_RUN.join(" ")} ${args} 0>written`);
    expect(parseLines(stderr)).toMatchObject([
      { name: "UsageError", code: 2, message: expect.stringContaining("stdin cannot be read") },
    ]);
    expect(status).toBe(2);
  },
);

function runInShell(line: string) {
  return spawnSync("sh", ["-c", line.replace(/^\S+/, `${BIN}/$&.js`)], OPTIONS);
}

function sendWithoutStdin(args: string) {
  return spawnSync("sh", ["-c", `exec "$@" ${args} <&-`, "sh", EXECUTABLE, ...DRY_RUN], OPTIONS);
}
