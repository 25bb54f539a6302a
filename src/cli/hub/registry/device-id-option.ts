import type { Option } from "commander";
import { SettingOption } from "../../program/help.ts";

/** @param help The command's own description, because the settings table mentions a default. */
export function deviceIdOption(help: string): Option {
  const option = new SettingOption("-d, --device-id <id>", help);
  option.variable = "IOTHUB_DEVICE_ID";
  return option;
}
