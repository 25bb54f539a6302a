import { type Command, Option } from "commander";
import {
  type Executable,
  SETTING_KEYS,
  type SettingKey,
  settingOf,
} from "../../config/settings.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { parsePositiveDuration } from "./argument-parsers.ts";
import { SettingOption } from "./help.ts";

export interface CommonFlags {
  readonly output: "text" | "json";
  readonly quiet?: true;
  readonly verbose?: true;
  /** commander's form of `--no-color`. */
  readonly color: boolean;
}

const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

export function addCommonOptions(command: Command): Command {
  return command
    .addOption(
      new Option("-o, --output <format>", "output format: text, or json (one object per line)")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("-q, --quiet", "print only errors")
    .option("-v, --verbose", "print more detail on stderr")
    .option("--no-color", "disable colors");
}

export function addSettingOptions(
  command: Command,
  executable: Executable,
  except: readonly SettingKey[] = [],
): Command {
  for (const key of SETTING_KEYS) {
    const { flag, flagOn, help, variable, default: fallback, choices } = settingOf(key);
    if (!flag || !flagOn?.includes(executable) || except.includes(key)) continue;
    const option = new SettingOption(flag, help);
    option.variable = variable;
    if (fallback !== undefined) option.default(undefined, fallback);
    // Only for help and completion; the loader reports an invalid value as a configuration error.
    if (choices) option.argChoices = [...choices];
    command.addOption(option);
  }
  return addDotenv(command);
}

/** Not `--env-file`: Node consumes that flag, even after the script's name. */
export function addDotenv(command: Command): Command {
  return command.addOption(
    new Option("--dotenv <path>", "read variables from this file").default(
      undefined,
      "./.env, if it exists",
    ),
  );
}

export function addConnectTimeout(command: Command): Command {
  return command.addOption(
    new Option("--connect-timeout <duration>", "maximum time to connect")
      .argParser(parsePositiveDuration)
      .default(DEFAULT_CONNECT_TIMEOUT_MS, "30s"),
  );
}

/** @throws UsageError */
export function validateCommonFlags({ quiet, verbose }: CommonFlags): void {
  if (quiet && verbose) {
    throw new UsageError("--quiet and --verbose cannot be combined", "Keep one of the two.");
  }
}

/** Pairs of a command and what it does. A long command has lines that end with `\`. */
export function formatExamples(examples: readonly (readonly [string, string])[]): string {
  const lines = examples.map(
    ([command, what]) => `  # ${what}\n  $ ${command.replaceAll("\n", "\n      ")}`,
  );
  return `\nExamples:\n${lines.join("\n")}`;
}
