/** Completion script for zsh, to be sourced or placed in a directory of `fpath`. */

import type { CompletionCommand, CompletionOption } from "./completion-model.ts";

export function formatZshCompletion(name: string, commands: readonly CompletionCommand[]): string {
  const identifier = `_${name.replaceAll("-", "_")}`;
  return `#compdef ${name}
# ${name}: completion for zsh. In ~/.zshrc, below compinit: source <(${name} completion zsh)
${identifier}() {
  local command= prev=\${words[CURRENT-1]} i ret=1
  local -a verbs flags
  if [[ \${words[CURRENT]} == --*=* ]]; then
    prev=\${words[CURRENT]%%=*}
    compset -P '*='
  fi
  for ((i = 2; i < CURRENT; i++)); do
    case "$command,\${words[i]}" in
${skipValues(commands)}${enterSubcommands(commands)}    esac
  done
  case "$command,$prev" in
${commands.flatMap((command) => command.options.flatMap((one) => completeValue(identifier, command, one))).join("")}  esac
  case "$command" in
${commands.map(completeWords).join("")}  esac
  (( $#verbs )) && _describe -t commands command verbs && ret=0
  _describe -t options option flags && ret=0
  return ret
}
${identifier}_device_ids() {
  local -a ids=(\${(f)"$(command ${name} "$@" "\${(@Q)words[2,CURRENT-1]}" 2>/dev/null </dev/null)"})
  compadd -a ids
}
if [[ "$funcstack[1]" == "${identifier}" ]]; then ${identifier} "$@"; else compdef ${identifier} ${name}; fi
`;
}

function skipValues(commands: readonly CompletionCommand[]): string {
  const patterns = commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value.type !== "none")
      .flatMap(({ flags }) => flags.map((flag) => `"${path},${flag}"`)),
  );
  return patterns.length === 0 ? "" : `      ${patterns.join("|")}) ((i++)) ;;\n`;
}

function enterSubcommands(commands: readonly CompletionCommand[]): string {
  return commands
    .flatMap(({ path, subcommands }) =>
      subcommands.map(
        ({ word }) =>
          `      "${path},${word}") command="${path === "" ? word : `${path} ${word}`}" ;;\n`,
      ),
    )
    .join("");
}

function completeValue(
  identifier: string,
  { path }: CompletionCommand,
  { flags, value }: CompletionOption,
): string[] {
  const patterns = flags.map((flag) => `"${path},${flag}"`).join("|");
  switch (value.type) {
    case "none":
      return [];
    case "choices":
      return [`    ${patterns}) compadd -- ${value.choices.join(" ")}; return ;;\n`];
    case "file":
      return [`    ${patterns}) _files; return ;;\n`];
    case "deviceId":
      return [`    ${patterns}) ${identifier}_device_ids ${value.source.join(" ")}; return ;;\n`];
    case "free":
      return [`    ${patterns}) _message value; return ;;\n`];
  }
}

function completeWords({ path, options, subcommands, argumentChoices }: CompletionCommand): string {
  const verbs = [
    ...subcommands.map(({ word, help }) => entry(word, help)),
    ...argumentChoices.map((choice) => entry(choice, "")),
  ];
  const flags = options.flatMap(({ flags, help }) => flags.map((flag) => entry(flag, help)));
  return `    "${path}") verbs=(${verbs.join(" ")}) flags=(${flags.join(" ")}) ;;\n`;
}

function entry(word: string, help: string): string {
  const text = help === "" ? word : `${word.replaceAll(":", "\\:")}:${help}`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
