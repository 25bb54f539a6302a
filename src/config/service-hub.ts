import { type HubConnectionString, parseHubConnectionString } from "../core/connection-string.ts";
import { homeDirectory } from "./home-directory.ts";
import { chooseHub, type HubChoice } from "./hub-choice.ts";
import type { ConfigInputs } from "./load-settings.ts";
import type { SettingReader } from "./setting-reader.ts";
import { describeSource } from "./setting-source.ts";
import { AUTH_TYPES } from "./settings.ts";

export type ServiceHub =
  | { readonly type: "local"; readonly home: string; readonly from: string }
  | {
      readonly type: "remote";
      readonly connectionString: HubConnectionString;
      readonly from: string;
    }
  /** Microsoft Entra ID. */
  | { readonly type: "login"; readonly hostName: string; readonly from: string };

const SERVICE_HUB_KEYS = ["hubConnectionString", "hubName"] as const;

export type ServiceHubKey = (typeof SERVICE_HUB_KEYS)[number];

/** Undefined only if a problem was reported. */
export function chooseServiceHub(reader: SettingReader): HubChoice<ServiceHubKey> | undefined {
  const authType = reader.choice("authType", AUTH_TYPES);
  return isValidLogin(reader, authType) ? chooseHub(reader, SERVICE_HUB_KEYS) : undefined;
}

export function readServiceHub(
  reader: SettingReader,
  inputs: ConfigInputs,
  choice: HubChoice<ServiceHubKey> | undefined,
): ServiceHub | undefined {
  if (choice === undefined) return undefined;
  const { key, source } = choice;
  const from = describeSource(key, source);
  if (key === "local") return { type: "local", home: homeDirectory(reader, inputs), from };
  if (key === "hubName") {
    const hostName = reader.hostName(key);
    return hostName === undefined ? undefined : { type: "login", hostName, from };
  }
  const connectionString = reader.connectionString(key, parseHubConnectionString);
  return connectionString && { type: "remote", connectionString, from };
}

/** `--auth-type login` and `--hub-name` require each other. */
function isValidLogin(reader: SettingReader, authType: string | undefined): boolean {
  const hasName = reader.text("hubName") !== undefined;
  if (authType === "login" && !hasName) {
    reader.report(
      "hubName",
      "required with --auth-type login, which works with neither a connection string nor --local",
      "Use --auth-type login --hub-name <hub>.azure-devices.net. The local hub supports keys only.",
    );
  }
  if (authType === "key" && hasName) {
    reader.report(
      "hubName",
      "not used with --auth-type key: the connection string names the hub",
      "Add --auth-type login, or omit --hub-name and give --login <connection string>.",
    );
  }
  return hasName === (authType === "login");
}
