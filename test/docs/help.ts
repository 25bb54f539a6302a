/** What `--help` says: the commands there are, and the flags of each. */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./pages.ts";

export interface CommandHelp {
  /** `c2d-hub device create`. */
  readonly name: string;
  readonly text: string;
  readonly flags: ReadonlySet<string>;
}

const EXECUTABLES = ["c2d-device", "c2d-send", "c2d-hub"];

/** Every command, those that only hold others included. */
export function readAllHelp(): readonly CommandHelp[] {
  return EXECUTABLES.flatMap((name) => readHelp(name, []));
}

function readHelp(executable: string, path: readonly string[]): readonly CommandHelp[] {
  const { stdout: text } = spawnSync(join(ROOT, "bin", `${executable}.js`), [...path, "--help"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, COLUMNS: "80" },
  });
  const own = { name: [executable, ...path].join(" "), text, flags: flagsIn(text) };
  return [own, ...commandsIn(text).flatMap((command) => readHelp(executable, [...path, command]))];
}

function flagsIn(help: string): ReadonlySet<string> {
  const terms = [...help.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map(([, term = ""]) => term);
  return new Set(terms.flatMap((term) => term.match(/(?<![\w<-])--?[a-zA-Z][\w-]*/g) ?? []));
}

function commandsIn(help: string): readonly string[] {
  const [, list = ""] = help.split("\nCommands:\n");
  const names = [...(list.split("\n\n")[0] ?? "").matchAll(/^ {2}([a-z][\w-]*)/gm)];
  return names.map(([, name = ""]) => name).filter((name) => name !== "help");
}
