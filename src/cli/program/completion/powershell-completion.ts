/** Completion script for PowerShell 5.1 and later. Written from its documentation, not yet tried. */

import type { CompletionCommand, CompletionOption } from "./completion-model.ts";

export function formatPowershellCompletion(
  name: string,
  commands: readonly CompletionCommand[],
): string {
  return `# ${name}: completion for PowerShell. Not yet tried there: please report what does not work.
# In $PROFILE: ${name} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName ${quote(name)} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  Set-StrictMode -Off
  $tree = @{
${commands.map(formatCommand).join("\n")}
  }
  $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { $_.Extent.Text.Trim("'", '"') })
  $path = ''
  $option = $null
  foreach ($word in $typed) {
    if ($option) { $option = $null; continue }
    $entry = $tree[$path] | Where-Object { $_.words -ccontains $word } | Select-Object -First 1
    if ($entry.isCommand) { $path = "$path $word".Trim() }
    elseif ($entry.takesValue) { $option = $entry }
  }
  $offered = @()
  if ($option.source) {
    $arguments = $option.source + $typed
    $ids = @(& ${quote(name)} @arguments 2>$null | Where-Object { $_.StartsWith($wordToComplete) })
    # Ids may have characters that are special to a shell.
    $offered = @($ids | ForEach-Object {
      @{ word = if ($_ -cmatch '^[\\w.-]+$') { $_ } else { "'" + $_.Replace("'", "''") + "'" }; help = $_ }
    })
  } elseif ($option) {
    $offered = @($option.choices | Where-Object { $_ } | ForEach-Object { @{ word = $_; help = $_ } })
  } else {
    $offered = @($tree[$path] | ForEach-Object {
      $help = $_.help
      $_.words | ForEach-Object { @{ word = $_; help = $help } }
    })
  }
  $offered | Where-Object { $option.source -or $_.word.StartsWith($wordToComplete) } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_.word, $_.word, 'ParameterValue', $_.help)
  }
}
`;
}

function formatCommand({ path, options, subcommands, argumentChoices }: CompletionCommand): string {
  const entries = [
    ...subcommands.map(({ word, help }) => formatEntry([word], help, "isCommand = $true")),
    ...argumentChoices.map((choice) => formatEntry([choice], choice)),
    ...options.map((option) => formatEntry(option.flags, option.help, ...formatValue(option))),
  ];
  return `    ${quote(path)} = @(\n${entries.join("\n")}\n    )`;
}

function formatEntry(words: readonly string[], help: string, ...more: readonly string[]): string {
  const fields = [`words = ${list(words)}`, `help = ${quote(help)}`, ...more];
  return `      @{ ${fields.join("; ")} }`;
}

/** Without any offer PowerShell completes the names of files. */
function formatValue({ value }: CompletionOption): readonly string[] {
  switch (value.type) {
    case "none":
      return [];
    case "choices":
      return ["takesValue = $true", `choices = ${list(value.choices)}`];
    case "deviceId":
      return ["takesValue = $true", `source = ${list(value.source)}`];
    case "file":
    case "free":
      return ["takesValue = $true"];
  }
}

function list(words: readonly string[]): string {
  return `@(${words.map(quote).join(", ")})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
