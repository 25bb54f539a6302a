import { Argument, type Command } from "commander";
import type { Output } from "../../terminal/output.ts";
import { formatExamples } from "../common-options.ts";
import { formatBashCompletion } from "./bash-completion.ts";
import { type CompletionCommand, completionModel } from "./completion-model.ts";
import { formatFishCompletion } from "./fish-completion.ts";
import { formatPowershellCompletion } from "./powershell-completion.ts";
import { formatZshCompletion } from "./zsh-completion.ts";

const FORMATS = {
  bash: formatBashCompletion,
  zsh: formatZshCompletion,
  fish: formatFishCompletion,
  powershell: formatPowershellCompletion,
} as const satisfies Record<
  string,
  (name: string, commands: readonly CompletionCommand[]) => string
>;

const ABOUT = `
Device ids are completed, too: from the hub that the flags, variables and .env
name, if it answers within half a second. A local hub is not started for that.
`;

/** Call after all other commands and options have been added. */
export function addCompletion(program: Command, stdout: Output): void {
  const name = program.name();
  program
    .command("completion")
    .description("Print a completion script for a shell.")
    .addArgument(new Argument("<shell>", "shell to complete in").choices(Object.keys(FORMATS)))
    .addHelpText(
      "after",
      ABOUT +
        formatExamples([
          [
            `source <(${name} completion bash)`,
            "bash, in this session; put it in ~/.bashrc for all",
          ],
          [`source <(${name} completion zsh)`, "zsh, after compinit"],
          [`${name} completion fish | source`, "fish"],
          [
            `${name} completion powershell | Out-String | Invoke-Expression`,
            "PowerShell; not yet tried there",
          ],
        ]),
    )
    .action(async (shell: keyof typeof FORMATS) => {
      await stdout.write(FORMATS[shell](name, completionModel(program)));
    });
}
