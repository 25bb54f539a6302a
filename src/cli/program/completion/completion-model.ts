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
  /** One of those that are printed by the executable with these arguments and the words so far. */
  | { readonly type: "deviceId"; readonly source: readonly string[] }
  | { readonly type: "free" };

export const DEVICE_IDS_COMMAND = "__device-ids";

export function completionModel(
  command: Command,
  parents: readonly string[] = [],
  outerSource?: readonly string[],
): readonly CompletionCommand[] {
  const help = command.createHelp();
  const subcommands = help.visibleCommands(command);
  const hasSource = command.commands.some((one) => one.name() === DEVICE_IDS_COMMAND);
  const source = hasSource ? [...parents, DEVICE_IDS_COMMAND, "--"] : outerSource;
  // A command without that flag is for the local hub only.
  const isLocalOnly = !command.options.some(({ long }) => long === "--local");
  return [
    {
      path: parents.join(" "),
      options: help
        .visibleOptions(command)
        .map((option) =>
          toOption(option, source && [...source, ...(isLocalOnly ? ["--local"] : [])]),
        ),
      subcommands: subcommands.map((one) => ({ word: one.name(), help: one.description() })),
      argumentChoices: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    },
    ...subcommands.flatMap((one) => completionModel(one, [...parents, one.name()], source)),
  ];
}

function toOption(option: Option, source: readonly string[] | undefined): CompletionOption {
  const { short, long, description } = option;
  return {
    flags: [short, long].filter((flag) => flag !== undefined),
    help: description,
    value:
      source !== undefined && option.long === "--device-id"
        ? { type: "deviceId", source }
        : kindOfValue(option),
  };
}

function kindOfValue({ required, optional, argChoices, flags }: Option): CompletionValue {
  if (!required && !optional) return { type: "none" };
  if (argChoices) return { type: "choices", choices: argChoices };
  return /[<[](file|path)[>\]]/.test(flags) ? { type: "file" } : { type: "free" };
}
