import { Option } from "commander";
import type { ConfigInputs } from "../../config/load-settings.ts";
import {
  type Executable,
  SETTING_KEYS,
  type SettingKey,
  settingOf,
} from "../../config/settings.ts";
import type { Io } from "../terminal/io.ts";
import type { Context } from "./run-program.ts";

/** From the flags, the environment and `.env`; from then on its secrets are hidden. */
export function loadConfig<Config extends { readonly secrets: readonly string[] }>(
  load: (inputs: ConfigInputs) => Config,
  executable: Executable,
  flags: object,
  { io, redactor }: Context,
): Config {
  const config = load(configInputs(executable, flags, io));
  redactor.learn(config.secrets);
  return config;
}

export function configInputs(
  executable: Executable,
  flags: object,
  { env, directory }: Pick<Io, "env" | "directory">,
): ConfigInputs {
  const given = flags as Readonly<Record<string, unknown>>;
  const named: Partial<Record<SettingKey, string | true>> = {};
  for (const key of SETTING_KEYS) {
    const { flag, flagOn } = settingOf(key);
    if (!flag || !flagOn?.includes(executable)) continue;
    const value = given[new Option(flag).attributeName()];
    if (typeof value === "string" || value === true) named[key] = value;
  }
  const { dotenv } = given;
  return {
    flags: named,
    env,
    directory,
    envFile: typeof dotenv === "string" ? dotenv : undefined,
  };
}
