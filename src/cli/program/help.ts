import { type Command, Option } from "commander";
import { EXIT_CODE_SUMMARY } from "../terminal/exit-code.ts";
import { DURATION_FORMS } from "../text/duration.ts";

/** Can also be set by a variable. commander's own `env` would read the variable itself. */
export class SettingOption extends Option {
  variable: string | undefined;
}

/** `text (a|b, default: a, env: NAME)`. */
export function describeOption(option: Option): string {
  const shownDefault =
    option.defaultValueDescription ??
    (typeof option.defaultValue === "string" || typeof option.defaultValue === "number"
      ? String(option.defaultValue)
      : undefined);
  const variable = option instanceof SettingOption ? option.variable : undefined;
  const notes = [
    ...(option.argChoices ? [option.argChoices.join("|")] : []),
    ...(shownDefault === undefined ? [] : [`default: ${shownDefault}`]),
    ...(variable === undefined ? [] : [`env: ${variable}`]),
  ];
  return notes.length === 0 ? option.description : `${option.description} (${notes.join(", ")})`;
}

export function addTopics(command: Command): void {
  const takesDuration = command.options.some(({ flags }) => flags.includes("<duration>"));
  if (takesDuration) command.addHelpText("after", `\nDurations: ${DURATION_FORMS}.`);
  command.addHelpText("after", `\n${EXIT_CODE_SUMMARY}`);
  for (const subcommand of command.commands) addTopics(subcommand);
}
