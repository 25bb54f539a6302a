import { parseDeviceConnectionString } from "../core/connection-string.ts";
import type { ConfigProblem } from "./config-error.ts";
import type { ConfigInputs } from "./load-settings.ts";
import { type CommonServiceConfig, readServiceConfig } from "./read-config.ts";
import {
  chooseServiceHub,
  readServiceHub,
  type ServiceHub,
  type ServiceHubKey,
} from "./service-hub.ts";
import { deviceIdFault, type SettingReader } from "./setting-reader.ts";
import { DEFAULT_LOCAL_DEVICE_ID } from "./settings.ts";

export interface ServiceConfig extends CommonServiceConfig {
  readonly hub: ServiceHub;
  /** Not empty, without duplicates. */
  readonly deviceIds: readonly string[];
}

/** @throws ConfigError with every problem. */
export function loadServiceConfig(
  inputs: ConfigInputs,
  deviceIds: readonly string[],
): ServiceConfig {
  return readServiceConfig(inputs, (reader) => {
    const choice = chooseServiceHub(reader);
    const hub = readServiceHub(reader, inputs, choice);
    const targets =
      deviceIds.length > 0
        ? checkIds(deviceIds, reader.problems)
        : defaultDeviceIds(reader, choice?.key);
    return hub && { hub, deviceIds: [...new Set(targets)] };
  });
}

function checkIds(deviceIds: readonly string[], problems: ConfigProblem[]): readonly string[] {
  for (const deviceId of deviceIds) {
    const fault = deviceIdFault(deviceId);
    if (fault === undefined) continue;
    problems.push({
      where: "--device-id",
      what: `'${deviceId.replace(/=.*/s, "=…")}' is not a valid device id`,
      fix: fault,
    });
  }
  return deviceIds;
}

/** The variable's, or that of the device connection string. */
function defaultDeviceIds(
  reader: SettingReader,
  hubKey: "local" | ServiceHubKey | undefined,
): readonly string[] {
  if (reader.text("deviceId") !== undefined) return [reader.deviceId("deviceId") ?? ""];
  if (hubKey === "local") return [DEFAULT_LOCAL_DEVICE_ID];
  if (reader.text("deviceConnectionString") !== undefined) {
    const device = reader.connectionString("deviceConnectionString", parseDeviceConnectionString);
    return device ? [device.deviceId] : [];
  }
  // Without a hub it is unknown whether a device is needed: only the missing hub is reported.
  if (hubKey !== undefined) {
    reader.report("deviceId", "missing device to send to", "Specify it with -d <device>.");
  }
  return [];
}
