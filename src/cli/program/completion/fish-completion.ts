import type { CompletionCommand, CompletionOption } from "./completion-model.ts";

export function formatFishCompletion(name: string, commands: readonly CompletionCommand[]): string {
  const identifier = `__${name.replaceAll("-", "_")}_at`;
  const lines = commands.flatMap((command) => {
    const start = `complete -c ${name} -n ${quote(`${identifier} ${quote(command.path)}`)}`;
    return [
      ...command.subcommands.map(
        ({ word, help }) => `${start} -a ${quote(word)} -d ${quote(help)}`,
      ),
      ...command.argumentChoices.map((choice) => `${start} -a ${quote(choice)}`),
      ...command.options.map(
        (option) =>
          `${start} ${flagsOf(option)}${valueFlagsOf(name, option)} -d ${quote(option.help)}`,
      ),
    ];
  });
  return `# ${name}: completion for fish. ${name} completion fish | source
function ${identifier} -d 'Whether the words typed so far lead to this command'
    set -l command
    set -l isValue 0
    for word in (commandline -opc)[2..]
        if test $isValue = 1
            set isValue 0
            continue
        end
        switch "$command,$word"
${skipValues(commands)}${enterSubcommands(commands)}        end
    end
    test "$command" = "$argv[1]"
end
complete -c ${name} -f
${lines.join("\n")}
`;
}

function skipValues(commands: readonly CompletionCommand[]): string {
  const patterns = commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value.type !== "none")
      .flatMap(({ flags }) => flags.map((flag) => quote(`${path},${flag}`))),
  );
  if (patterns.length === 0) return "";
  return `            case ${patterns.join(" ")}\n                set isValue 1\n`;
}

function enterSubcommands(commands: readonly CompletionCommand[]): string {
  return commands
    .flatMap(({ path, subcommands }) =>
      subcommands.map(
        ({ word }) =>
          `            case ${quote(`${path},${word}`)}\n                set command ${quote(path === "" ? word : `${path} ${word}`)}\n`,
      ),
    )
    .join("");
}

function flagsOf({ flags }: CompletionOption): string {
  return flags
    .map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`))
    .join(" ");
}

function valueFlagsOf(name: string, { value }: CompletionOption): string {
  switch (value.type) {
    case "none":
      return "";
    case "choices":
      return ` -x -a ${quote(value.choices.join(" "))}`;
    case "file":
      return " -r -F";
    case "deviceId": {
      const words = `${value.source.join(" ")} (commandline -opc)[2..]`;
      return ` -x -a ${quote(`(type -q ${name}; and command ${name} ${words} 2>/dev/null </dev/null)`)}`;
    }
    case "free":
      return " -x";
  }
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
