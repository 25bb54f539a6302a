/** The code, --help and the pages agree on flags. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SETTING_KEYS, settingOf } from "../../src/config/settings.ts";
import { readAllHelp } from "./help.ts";
import { codeBlocks, PAGES, ROOT, readPage, shownCommands } from "./pages.ts";

const HELP = await readAllHelp();
const KNOWN = new Set(HELP.flatMap(({ flags }) => [...flags]));

/** Flags of other programs on the pages. */
const FOREIGN = new Set(["--strict"]);

test("every command has help", () => {
  expect(HELP.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["c2d-send", "c2d-device listen", "c2d-hub start"]),
  );
  expect(KNOWN.size).toBeGreaterThan(40);
});

test("--help shows every flag, except the hidden ones", () => {
  expect(flagsOfCode().filter((flag) => !KNOWN.has(flag))).toEqual([]);
});

test("--help shows no other flags", () => {
  const ofCode = new Set([...flagsOfCode(), "-h", "--help"]);
  expect([...KNOWN].filter((flag) => !ofCode.has(flag))).toEqual([]);
});

test("each executable has its flags of the settings table", () => {
  for (const key of SETTING_KEYS) {
    const { flag, flagOn = [] } = settingOf(key);
    for (const executable of flag ? flagOn : []) {
      const commands = HELP.filter(({ name }) => name.split(" ")[0] === executable);
      const having = commands.filter(({ flags }) => flags.has(flag?.match(/--[\w-]+/)?.[0] ?? ""));
      expect(having.length, `${executable} ${flag}`).toBeGreaterThan(0);
    }
  }
});

describe.each(PAGES)("%s", (page) => {
  test("mentions only flags that exist", () => {
    const prose = readPage(page).replace(/^```[\s\S]*?^```$/gm, "");
    const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span);
    const flags = spans
      .filter((span) => !/^(npm|npx|git|az|node|docker|tail) /.test(span))
      .flatMap(flagsIn);
    expect(flags.filter((flag) => !KNOWN.has(flag) && !FOREIGN.has(flag))).toEqual([]);
  });

  test("shows only commands and flags that are in --help", () => {
    for (const command of shownCommands(page)) {
      expect(unknownPartsOf(command), command).toEqual([]);
    }
  });
});

test("the pages show commands", () => {
  expect(PAGES.flatMap(shownCommands).length).toBeGreaterThan(30);
  expect(codeBlocks("README.md", ["sh"]).length).toBeGreaterThan(4);
});

function unknownPartsOf(command: string): readonly string[] {
  const words = command.replace(/'[^']*'|"[^"]*"/g, "TEXT").split(/\s+/);
  const help = HELP.filter(({ name }) => `${words.join(" ")} `.startsWith(`${name} `)).at(-1);
  if (help === undefined) return [words[0] ?? ""];
  const rest = words.slice(help.name.split(" ").length);
  const isGroup = /\nCommands:\n/.test(help.text);
  const flags = rest.flatMap((word) => /^(--?[a-zA-Z][\w-]*)/.exec(word)?.[1] ?? []);
  const unknown = flags.filter((flag) => !help.flags.has(flag));
  // An executable's name alone is not a command line.
  return isGroup && rest.length > 0 && flags.length === 0 ? [...unknown, ...rest] : unknown;
}

function flagsOfCode(): readonly string[] {
  const files = readdirSync(join(ROOT, "src/cli"), { recursive: true, encoding: "utf8" });
  const code = files
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, "src/cli", name), "utf8"))
    .join("\n")
    .replace(/new Option\("[^"]*"\)\.hideHelp\(\)/g, "");
  const definitions = [
    ...code.matchAll(
      /(?:new Option|\.option|\.version|\.helpOption)\(\s*(?:readVersion\(\), )?"(-[^"]+)"/g,
    ),
  ].map(([, definition = ""]) => definition);
  const settings = SETTING_KEYS.flatMap((key) => settingOf(key).flag ?? []);
  return [...definitions, ...settings].flatMap(flagsIn);
}

function flagsIn(text: string): string[] {
  return text.match(/(?<![\w<[=-])--?[a-zA-Z][\w-]*/g) ?? [];
}
