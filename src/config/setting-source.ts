/** The source of a setting's value. */

import { longFlag, type SettingKey, settingOf } from "./settings.ts";

/** Sources, highest precedence first. */
export const PRECEDENCE = ["flag", "environment", "envFile", "default"] as const;

export interface SettingSource {
  readonly type: (typeof PRECEDENCE)[number];
  /** Of an `envFile`, as the user gave it. */
  readonly path?: string;
}

/** The higher one wins. */
export function rankOf({ type }: SettingSource): number {
  return -PRECEDENCE.indexOf(type);
}

/** `--login`, `IOTHUB_CONNECTION_STRING in the environment`, `IOTHUB_CONNECTION_STRING in ./.env`. */
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
