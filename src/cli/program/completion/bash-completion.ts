/** Completion script for bash 3.2 and later, without the bash-completion package. */

import type { CompletionCommand, CompletionOption } from "./completion-model.ts";

export function formatBashCompletion(name: string, commands: readonly CompletionCommand[]): string {
  const identifier = `_${name.replaceAll("-", "_")}`;
  return `# ${name}: completion for bash. In ~/.bashrc: source <(${name} completion bash)
${identifier}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  # bash splits --flag=value in three.
  if [[ $cur == "=" ]]; then cur=
  elif [[ $prev == "=" && $COMP_CWORD -ge 2 ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command,\${COMP_WORDS[i]}" in
${skipValues(commands)}${enterSubcommands(commands)}    esac
  done
  case "$command,$prev" in
${commands.flatMap((command) => command.options.flatMap((one) => completeValue(identifier, command, one))).join("")}  esac
  case "$command" in
${commands.map(completeWords).join("")}  esac
}
# Ids may have characters that are special to a shell: nothing here expands them.
${identifier}_device_ids() {
  local id typed=\${cur//\\\\/} isQuoted=
  if [[ $cur == [\\"\\']* ]]; then typed=\${cur:1} isQuoted=1; fi
  while IFS= read -r id; do
    [[ $id == "$typed"* ]] || continue
    if [[ -z $isQuoted ]]; then COMPREPLY+=("$(printf %q "$id")")
    elif [[ $id != *[^A-Za-z0-9._-]* ]]; then COMPREPLY+=("$id")
    fi
  done < <(command ${name} "$@" "\${COMP_WORDS[@]:1:COMP_CWORD-1}" 2>/dev/null </dev/null)
}
complete -F ${identifier} ${name}
`;
}

function skipValues(commands: readonly CompletionCommand[]): string {
  const patterns = commands.flatMap(({ path, options }) =>
    options
      .filter(({ value }) => value.type !== "none")
      .flatMap(({ flags }) => flags.map((flag) => pattern(path, flag))),
  );
  if (patterns.length === 0) return "";
  return `      ${patterns.join("|")}) [[ \${COMP_WORDS[i+1]} == "=" ]] && ((i++)); ((i++)) ;;\n`;
}

function enterSubcommands(commands: readonly CompletionCommand[]): string {
  return commands
    .flatMap(({ path, subcommands }) =>
      subcommands.map(
        ({ word }) =>
          `      ${pattern(path, word)}) command=${quote(path === "" ? word : `${path} ${word}`)} ;;\n`,
      ),
    )
    .join("");
}

function completeValue(
  identifier: string,
  { path }: CompletionCommand,
  { flags, value }: CompletionOption,
): string[] {
  const patterns = flags.map((flag) => pattern(path, flag)).join("|");
  switch (value.type) {
    case "none":
      return [];
    case "choices":
      return [`    ${patterns}) ${compgen(value.choices)}; return ;;\n`];
    case "file":
      return [
        `    ${patterns}) local IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur")); return ;;\n`,
      ];
    case "deviceId":
      return [`    ${patterns}) ${identifier}_device_ids ${value.source.join(" ")}; return ;;\n`];
    case "free":
      return [`    ${patterns}) return ;;\n`];
  }
}

function completeWords({ path, options, subcommands, argumentChoices }: CompletionCommand): string {
  const words = [
    ...subcommands.map(({ word }) => word),
    ...argumentChoices,
    ...options.flatMap(({ flags }) => flags),
  ];
  return `    ${quote(path)}) ${compgen(words)} ;;\n`;
}

function compgen(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W ${quote(words.join(" "))} -- "$cur"))`;
}

function pattern(path: string, word: string): string {
  return quote(`${path},${word}`);
}

/** Names of flags, commands and choices contain no quotes. */
function quote(text: string): string {
  return `"${text}"`;
}
