/** The option `--device-id`, in the words of each command. */

import type { Option } from "commander";
import { SettingOption } from "../../program/help.ts";

/** @param help What the device is to the command; the settings table speaks of a default. */
export function deviceIdOption(help: string): Option {
  const option = new SettingOption("-d, --device-id <id>", help);
  option.variable = "IOTHUB_DEVICE_ID";
  return option;
}
