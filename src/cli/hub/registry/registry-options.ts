import type { Command } from "commander";
import type { SettingKey } from "../../../config/settings.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
} from "../../program/common-options.ts";

/** REST has a single transport and reads no events; `--device-id` is a separate option. */
const EXCLUDED_SETTINGS: readonly SettingKey[] = [
  "deviceId",
  "serviceTransport",
  "eventHubConnectionString",
];

export function addRegistryOptions(command: Command): Command {
  addSettingOptions(command, "c2d-hub", EXCLUDED_SETTINGS);
  addConnectTimeout(command);
  return addCommonOptions(command);
}
