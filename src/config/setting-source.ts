import { longFlag, type SettingKey, settingOf } from "./settings.ts";

/** Highest precedence first. */
export const PRECEDENCE = ["flag", "environment", "envFile", "default"] as const;

export interface SettingSource {
  readonly type: (typeof PRECEDENCE)[number];
  readonly path?: string;
}

export function rankOf({ type }: SettingSource): number {
  return -PRECEDENCE.indexOf(type);
}

/** `--login`, `IOTHUB_CONNECTION_STRING in the environment` or `… in ./.env`. */
export function describeSource(key: SettingKey, source: SettingSource): string {
  const variable = settingOf(key).variable ?? key;
  switch (source.type) {
    case "flag":
      return longFlag(key) ?? key;
    case "environment":
      return `${variable} in the environment`;
    case "envFile":
      return `${variable} in ${source.path}`;
    case "default":
      return `the default of ${longFlag(key) ?? variable}`;
  }
}
