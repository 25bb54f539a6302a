import { Command } from "commander";
import { addSettingOptions } from "../program/common-options.ts";

/** The flags that name a hub, among words of which some are unfinished or of another command. */
export function readTypedFlags(words: readonly string[]): object {
  const command = new Command().allowUnknownOption().exitOverride();
  command.configureOutput({ writeErr: () => {}, outputError: () => {} });
  addSettingOptions(command, "c2d-hub", ["deviceId"]);
  command.parseOptions(joinAssignments(words.map(unquote)));
  return command.opts();
}

/** bash passes words as they were typed. */
function unquote(word: string): string {
  return /^(["']).*\1$/s.test(word) ? word.slice(1, -1) : word;
}

/** bash splits --flag=value in three. */
function joinAssignments(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const [index, word] of words.entries()) {
    const isPart = word === "=" || words[index - 1] === "=";
    if (isPart && joined.at(-1)?.startsWith("--")) joined.push(`${joined.pop()}${word}`);
    else joined.push(word);
  }
  return joined;
}
