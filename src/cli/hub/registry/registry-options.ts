/** The options of commands that ask the hub as its owner. */

import type { Command } from "commander";
import type { SettingKey } from "../../../config/settings.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
} from "../../program/common-options.ts";

/** REST knows one transport, and reads no events; the device has an option of its own. */
const EXCLUDED_SETTINGS: readonly SettingKey[] = [
  "deviceId",
  "serviceTransport",
  "eventHubConnectionString",
];

/** Of every command that goes over REST. */
export function addRegistryOptions(command: Command): Command {
  addSettingOptions(command, "c2d-hub", EXCLUDED_SETTINGS);
  addConnectTimeout(command);
  return addCommonOptions(command);
}
