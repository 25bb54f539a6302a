/** The commands in `--help`, and their flags. */

import { tmpdir } from "node:os";
import { type ExecutableName, run } from "../cli/support/run-command.ts";

export interface CommandHelp {
  /** `c2d-hub device create`. */
  readonly name: string;
  readonly text: string;
  readonly flags: ReadonlySet<string>;
}

const EXECUTABLES: readonly ExecutableName[] = ["c2d-device", "c2d-send", "c2d-hub"];

/** Every command, including those that only have subcommands. */
export async function readAllHelp(): Promise<readonly CommandHelp[]> {
  return (await Promise.all(EXECUTABLES.map((name) => readHelp(name, [])))).flat();
}

async function readHelp(
  executable: ExecutableName,
  path: readonly string[],
): Promise<readonly CommandHelp[]> {
  const { code, stdout: text } = await run(executable, [...path, "--help"], {
    directory: tmpdir(),
  });
  if (code !== 0) throw new Error(`${executable} ${path.join(" ")} --help ended with ${code}`);
  const own = { name: [executable, ...path].join(" "), text, flags: flagsIn(text) };
  const below = commandsIn(text).map((command) => readHelp(executable, [...path, command]));
  return [own, ...(await Promise.all(below)).flat()];
}

function flagsIn(help: string): ReadonlySet<string> {
  const terms = [...help.matchAll(/^ {2}(-.*?)(?: {2}|$)/gm)].map(([, term = ""]) => term);
  return new Set(terms.flatMap((term) => term.match(/(?<![\w<-])--?[a-zA-Z][\w-]*/g) ?? []));
}

function commandsIn(help: string): readonly string[] {
  const [, list = ""] = help.split("\nCommands:\n");
  const names = [...(list.split("\n\n")[0] ?? "").matchAll(/^ {2}([a-z][\w-]*)/gm)];
  return names.map(([, name = ""]) => name);
}
