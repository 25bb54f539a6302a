/** Where a value came from. */

import { longFlag, type SettingKey, settingOf } from "./settings.ts";

export type SettingSource =
  | { readonly type: "flag" }
  | { readonly type: "environment" }
  | { readonly type: "envFile"; readonly path: string }
  | { readonly type: "default" };

const RANKS: Record<SettingSource["type"], number> = {
  flag: 3,
  environment: 2,
  envFile: 1,
  default: 0,
};

/** The higher one wins. */
export function rankOf(source: SettingSource): number {
  return RANKS[source.type];
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
