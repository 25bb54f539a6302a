/** The configuration of a service: which hub, which devices, over what. */

import {
  type HubConnectionString,
  parseDeviceConnectionString,
  parseHubConnectionString,
} from "../core/connection-string.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { homeDirectory } from "./home-directory.ts";
import { chooseHub, type HubChoice } from "./hub-choice.ts";
import { type ConfigInputs, loadSettings } from "./load-settings.ts";
import { DEFAULT_LOCAL_DEVICE_ID } from "./local-device.ts";
import { secretsIn } from "./secrets-in.ts";
import { deviceIdFault, SettingReader } from "./setting-reader.ts";
import { describeSource } from "./setting-source.ts";
import { AUTH_TYPES, SERVICE_TRANSPORTS } from "./settings.ts";

export interface ServiceConfig {
  readonly hub: ServiceHub;
  /** Not empty, without repetition. */
  readonly deviceIds: readonly string[];
  readonly transport: (typeof SERVICE_TRANSPORTS)[number];
  /** Extra CA certificates (PEM). */
  readonly ca?: string;
  /** Texts that must not be printed. */
  readonly secrets: readonly string[];
}

export type ServiceHub =
  | { readonly type: "local"; readonly home: string; readonly from: string }
  | {
      readonly type: "remote";
      readonly connectionString: HubConnectionString;
      readonly from: string;
    }
  /** Signed in to with Microsoft Entra ID. */
  | { readonly type: "login"; readonly hostName: string; readonly from: string };

type HubKey = "hubConnectionString" | "hubName";

/**
 * @param deviceIds Those the command line names, from `--device-id` and `--device-file`.
 * @throws ConfigError with everything that is wrong.
 */
export function loadServiceConfig(
  inputs: ConfigInputs,
  deviceIds: readonly string[],
): ServiceConfig {
  const problems: ConfigProblem[] = [];
  const settings = loadSettings(inputs, problems);
  const reader = new SettingReader(settings, problems, inputs.directory);
  const authType = reader.choice("authType", AUTH_TYPES);
  const choice = isSoundLogin(reader, authType)
    ? chooseHub(reader, ["hubConnectionString", "hubName"])
    : undefined;
  const hub = choice && readHub(reader, choice, homeDirectory(reader, inputs));
  const targets =
    deviceIds.length > 0 ? checkIds(deviceIds, problems) : fallback(reader, choice?.key);
  const ca = reader.certificate("caFile");
  const transport = reader.choice("serviceTransport", SERVICE_TRANSPORTS);
  if (problems.length > 0 || !hub || !transport) throw new ConfigError(problems);
  return {
    hub,
    deviceIds: [...new Set(targets)],
    transport,
    ...(ca !== undefined && { ca }),
    secrets: secretsIn(settings),
  };
}

/** `--auth-type login` and `--hub-name` go together. */
function isSoundLogin(reader: SettingReader, authType: string | undefined): boolean {
  const hasName = reader.text("hubName") !== undefined;
  if (authType === "login" && !hasName) {
    reader.report(
      "hubName",
      "is missing: --auth-type login takes the hub's name, not a connection string or --local",
      "Name the hub: --auth-type login --hub-name <hub>.azure-devices.net. A local hub takes keys only.",
    );
  }
  if (authType === "key" && hasName) {
    reader.report(
      "hubName",
      "has no use with --auth-type key, whose connection string names the hub",
      "Add --auth-type login, or leave --hub-name away and give --login <connection string>.",
    );
  }
  return hasName === (authType === "login");
}

function readHub(
  reader: SettingReader,
  { key, source }: HubChoice<HubKey>,
  home: string,
): ServiceHub | undefined {
  const from = describeSource(key, source);
  if (key === "local") return { type: "local", home, from };
  if (key === "hubName") {
    const hostName = reader.hostName(key);
    return hostName === undefined ? undefined : { type: "login", hostName, from };
  }
  const connectionString = reader.connectionString(key, parseHubConnectionString);
  return connectionString && { type: "remote", connectionString, from };
}

function checkIds(deviceIds: readonly string[], problems: ConfigProblem[]): readonly string[] {
  for (const deviceId of deviceIds) {
    const fault = deviceIdFault(deviceId);
    if (fault === undefined) continue;
    problems.push({
      where: "--device-id",
      what: `'${deviceId.replace(/=.*/s, "=…")}' is not a device id`,
      fix: fault,
    });
  }
  return deviceIds;
}

/** The device when the command line names none: the variable's, or that of the device connection string. */
function fallback(reader: SettingReader, hubKey: "local" | HubKey | undefined): readonly string[] {
  if (reader.text("deviceId") !== undefined) return [reader.deviceId("deviceId") ?? ""];
  if (hubKey === "local") return [DEFAULT_LOCAL_DEVICE_ID];
  if (reader.text("deviceConnectionString") !== undefined) {
    const device = reader.connectionString("deviceConnectionString", parseDeviceConnectionString);
    return device ? [device.deviceId] : [];
  }
  // Without a hub it is open whether a device must be named: the hub's absence is told alone.
  if (hubKey !== undefined) {
    reader.report("deviceId", "is missing: no device to send to", "Name it: -d <device>.");
  }
  return [];
}
