/** The model as a script for fish. */

import type { CompletionCommand, CompletionOption } from "./completion-model.ts";

export function formatFishCompletion(name: string, commands: readonly CompletionCommand[]): string {
  const lines = commands.flatMap((command) => {
    const start = `complete -c ${name} -n ${quote(condition(command))}`;
    return [
      ...command.subcommands.map(
        ({ word, help }) => `${start} -a ${quote(word)} -d ${quote(help)}`,
      ),
      ...command.argumentChoices.map((choice) => `${start} -a ${quote(choice)}`),
      ...command.options.map(
        (option) => `${start} ${flagsOf(option)}${takesOf(option)} -d ${quote(option.help)}`,
      ),
    ];
  });
  return `# ${name}: completion for fish. ${name} completion fish | source
complete -c ${name} -f
${lines.join("\n")}
`;
}

/** Where the command line stands: all words of the path are there, and no subcommand follows. */
function condition({ path, subcommands }: CompletionCommand): string {
  const seen = path.split(" ").filter((word) => word !== "");
  const parts = seen.map((word) => `__fish_seen_subcommand_from ${word}`);
  if (subcommands.length > 0) {
    const words = subcommands.map(({ word }) => word).join(" ");
    parts.push(`not __fish_seen_subcommand_from ${words}`);
  }
  return parts.length === 0 ? "true" : parts.join("; and ");
}

function flagsOf({ flags }: CompletionOption): string {
  return flags
    .map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
    .join(" ");
}

function takesOf({ value }: CompletionOption): string {
  switch (value.type) {
    case "none":
      return "";
    case "choices":
      return ` -x -a ${quote(value.choices.join(" "))}`;
    case "file":
      return " -r -F";
    case "free":
      return " -x";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
