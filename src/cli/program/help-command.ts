import { Argument, Command } from "commander";
import { UsageError } from "../terminal/usage-error.ts";
import { formatExamples } from "./common-options.ts";

/** `help [command...]` for each command that has commands. Call after all others have been added. */
export function addHelpCommands(group: Command): void {
  if (group.commands.length === 0) return;
  for (const command of group.commands) addHelpCommands(command);
  group.helpCommand(false);
  const path = pathOf(group);
  const names = commandsOf(group).map((command) => command.name());
  const words = new Argument("[command...]");
  // Only for completion; `find` reports an unknown one.
  words.argChoices = [...names];
  group
    .command("help")
    .description("Print the help of a command.")
    .addArgument(words)
    .addHelpText(
      "after",
      formatExamples([
        [`${path} help`, `print the help of ${path}`],
        [`${path} help ${names[0]}`, `print the help of ${path} ${names[0]}`],
      ]),
    )
    .action((given: readonly string[]) => given.reduce(find, group).help());
  group.exitOverride((error) => {
    // Of a program that has commands, and also runs without one.
    if (error.code === "commander.excessArguments") find(group, group.args[0] ?? "");
    if (error.code !== "commander.help" || error.exitCode === 0) throw error;
    throw new UsageError(
      group.parent ? `a command is missing after ${group.name()}` : "a command is missing",
      `One of: ${names.join(", ")}. See ${path} --help.`,
    );
  });
}

function commandsOf(group: Command): readonly Command[] {
  return group.createHelp().visibleCommands(group);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function find(group: Command, name: string): Command {
  const commands = commandsOf(group);
  const found = commands.find((command) => command.name() === name);
  if (found) return found;
  if (commands.length === 0) {
    throw new UsageError(`unknown command '${name}'`, `${pathOf(group)} has no commands.`);
  }
  // commander suggests the nearest name only while parsing.
  const names = new Command().copyInheritedSettings(group);
  for (const command of commands) names.command(command.name());
  return names.parse(["--", name], { from: "user" });
}
