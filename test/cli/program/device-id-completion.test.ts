/** Device ids, completed by the real shells; a stand-in for the executable prints them. */

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { sharedDirectory } from "../../support/local-hub.ts";
import { type ExecutableName, run } from "../support/run-command.ts";

const COMPLETE_IN_ZSH = fileURLToPath(new URL("../support/complete-in-zsh.zsh", import.meta.url));
const EXECUTABLES: readonly ExecutableName[] = ["c2d-device", "c2d-send", "c2d-hub", "c2d-tools"];
const IDS = ["dev1", "dev2", "other", "dev$(touch$IFS'x')", "dev*", "dev#(2)"];

const directory = sharedDirectory();
const bin = join(directory, "bin");
const env = { PATH: `${bin}:${process.env.PATH}`, HOME: directory, TERM: "xterm" };

beforeAll(async () => {
  mkdirSync(bin);
  writeFileSync(join(directory, "ids"), IDS.map((id) => `${id}\n`).join(""));
  const standIn = `#!/bin/sh\necho "\${0##*/} $*" > ${directory}/asked\ncat ${directory}/ids\n`;
  for (const name of EXECUTABLES) {
    writeFileSync(join(bin, name), standIn, { mode: 0o755 });
    for (const shell of ["bash", "zsh", "fish"]) {
      const { stdout } = await run(name, ["completion", shell], { directory });
      writeFileSync(scriptOf(name, shell), stdout);
    }
  }
});

function scriptOf(name: ExecutableName, shell: string): string {
  return join(directory, `${name}.${shell}`);
}

const asked = () => readFileSync(join(directory, "asked"), "utf8").trim();

const isInstalled = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

const QUESTIONS: readonly (readonly [line: string, question: string])[] = [
  ["c2d-hub purge --local -d ", "c2d-hub __device-ids -- purge --local -d"],
  ["c2d-hub device show --device-id ", "c2d-hub __device-ids -- device show --device-id"],
  ["c2d-hub env -d ", "c2d-hub __device-ids -- --local env -d"],
  ["c2d-send -q -d ", "c2d-send __device-ids -- -q -d"],
  ["c2d-device listen -d ", "c2d-device __device-ids -- listen -d"],
  ["c2d-tools hub purge -d ", "c2d-tools hub __device-ids -- hub purge -d"],
  ["c2d-tools send -d ", "c2d-tools send __device-ids -- send -d"],
];

const nameOf = (line: string) => line.split(" ")[0] as ExecutableName;

describe("bash", () => {
  /** The words that it would put into the line. */
  const offer = (...words: readonly string[]) => {
    const program = `
      source "$1"; shift
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
      _\${1//-/_} 2>/dev/null
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const name = words[0] as ExecutableName;
    const args = ["-c", program, "bash", scriptOf(name, "bash"), ...words];
    const text = execFileSync("bash", args, { cwd: directory, encoding: "utf8", env });
    return text.split("\n").filter((line) => line !== "");
  };

  test.each(QUESTIONS)("'%s' asks '%s'", (line, question) => {
    expect(offer(...line.split(" "))).toHaveLength(IDS.length);
    expect(asked()).toBe(question);
  });

  test("ids that are special to the shell are quoted, and never expanded", () => {
    const words = offer("c2d-hub", "purge", "-d", "dev");
    const program = `printf '%s\\n' ${words.join(" ")}`;
    const typed = execFileSync("bash", ["-c", program], { cwd: directory, encoding: "utf8" });
    expect(typed.trim().split("\n")).toEqual(IDS.filter((id) => id.startsWith("dev")));
  });

  test("what is typed already may be escaped, or begin with a quote", () => {
    expect(offer("c2d-hub", "purge", "-d", "dev\\$")).toHaveLength(1);
    expect(offer("c2d-hub", "purge", "-d", "'dev")).toEqual(["dev1", "dev2"]);
  });

  test("nothing is offered without an answer", () => {
    const words = ["c2d-hub", "purge", "-d", ""];
    const program = `source "$1"; shift; PATH=/nowhere; COMP_WORDS=("$@"); COMP_CWORD=3
      _c2d_hub; echo "\${#COMPREPLY[@]}"`;
    const args = ["-c", program, "bash", scriptOf("c2d-hub", "bash"), ...words];
    const { stdout, stderr } = spawnSync("bash", args, { encoding: "utf8", env });
    expect([stdout, stderr]).toEqual(["0\n", ""]);
  });
});

describe.skipIf(!isInstalled("fish"))("fish", () => {
  const offer = (line: string) =>
    execFileSync(
      "fish",
      ["-c", "source $argv[1]; complete -C $argv[2]", scriptOf(nameOf(line), "fish"), line],
      { encoding: "utf8", env, cwd: directory },
    )
      .split("\n")
      .map((entry) => entry.split("\t")[0])
      .filter((entry) => entry !== "");

  test.each(QUESTIONS)("'%s' asks '%s'", (line, question) => {
    expect(offer(line).sort()).toEqual([...IDS].sort());
    expect(asked()).toBe(question);
  });
});

describe.skipIf(!isInstalled("zsh"))("zsh", () => {
  const offer = (line: string, more = {}) =>
    execFileSync("zsh", ["-f", COMPLETE_IN_ZSH, directory, scriptOf(nameOf(line), "zsh"), line], {
      cwd: directory,
      encoding: "utf8",
      env: { ...env, ...more },
      timeout: 120_000,
    }).replace(/\n$/, "");

  test.each(QUESTIONS)("'%s' asks '%s'", (line, question) => {
    offer(line);
    expect(asked()).toBe(question);
  });

  test.each(["dev$", "dev*", "dev#"])("an id that begins with %s is quoted", (start) => {
    const id = IDS.find((one) => one.startsWith(start));
    const line = offer(`c2d-hub purge -d ${start.replace(/\W$/, "\\$&")}`, { SHOW_LINE: "1" });
    const program = line.replace("c2d-hub purge -d", "print -r --");
    const typed = execFileSync("zsh", ["-f", "-c", program], { cwd: directory, encoding: "utf8" });
    expect(typed).toBe(`${id}\n`);
  });
});
