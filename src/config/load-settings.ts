import type { ConfigProblem } from "./config-error.ts";
import { type EnvFile, readEnvFile } from "./env-file.ts";
import { PRECEDENCE, type SettingSource } from "./setting-source.ts";
import { SETTING_KEYS, type SettingKey, settingOf } from "./settings.ts";

export interface ConfigInputs {
  /** True for a flag without a value. */
  readonly flags: Readonly<Partial<Record<SettingKey, string | true>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly envFile?: string | undefined;
  /** Base of relative paths. */
  readonly directory: string;
}

export interface FoundSetting {
  readonly value: string;
  readonly source: SettingSource;
}

export type FoundSettings = Readonly<Partial<Record<SettingKey, FoundSetting>>>;

/** An empty variable counts as unset. */
export function loadSettings(inputs: ConfigInputs, problems: ConfigProblem[]): FoundSettings {
  const envFile = readEnvFile(inputs.envFile, inputs.directory, problems);
  const found: Partial<Record<SettingKey, FoundSetting>> = {};
  for (const key of SETTING_KEYS) {
    const setting = findSetting(key, inputs, envFile);
    if (setting) found[key] = setting;
  }
  return found;
}

function findSetting(
  key: SettingKey,
  { flags, env }: ConfigInputs,
  envFile: EnvFile,
): FoundSetting | undefined {
  const { variable, default: fallback } = settingOf(key);
  const values: Readonly<Record<SettingSource["type"], string | undefined>> = {
    flag: flags[key] === true ? "1" : flags[key],
    environment: (variable && env[variable]) || undefined,
    envFile: (variable && envFile.variables[variable]) || undefined,
    default: fallback,
  };
  for (const type of PRECEDENCE) {
    const value = values[type];
    const source = type === "envFile" ? { type, path: envFile.path } : { type };
    if (value !== undefined) return { value, source };
  }
  return undefined;
}
