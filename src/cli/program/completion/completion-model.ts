import type { Command, Option } from "commander";

export interface CompletionCommand {
  /** Such as `device create`; empty for the executable itself. */
  readonly path: string;
  readonly options: readonly CompletionOption[];
  readonly subcommands: readonly CompletionWord[];
  readonly argumentChoices: readonly string[];
}

export interface CompletionWord {
  readonly word: string;
  readonly help: string;
}

export interface CompletionOption {
  /** `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly help: string;
  readonly value: CompletionValue;
}

export type CompletionValue =
  | { readonly type: "none" }
  | { readonly type: "choices"; readonly choices: readonly string[] }
  | { readonly type: "file" }
  | { readonly type: "free" };

export function completionModel(
  command: Command,
  parents: readonly string[] = [],
): readonly CompletionCommand[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  return [
    {
      path: parents.join(" "),
      options: help.visibleOptions(command).map(toOption),
      subcommands: subcommands.map((one) => ({ word: one.name(), help: one.description() })),
      argumentChoices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    },
    ...subcommands.flatMap((one) => completionModel(one, [...parents, one.name()])),
  ];
}

function toOption(option: Option): CompletionOption {
  const { short, long, description } = option;
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    help: description,
    value: kindOfValue(option),
  };
}

function kindOfValue({ required, optional, argChoices, flags }: Option): CompletionValue {
  if (!required && !optional) return { type: "none" };
  if (argChoices) return { type: "choices", choices: argChoices };
  return /[<[](file|path)[>\]]/.test(flags) ? { type: "file" } : { type: "free" };
}
