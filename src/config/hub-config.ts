import {
  type EventHubConnectionString,
  parseEventHubConnectionString,
} from "../core/connection-string.ts";
import { namedHubs, reportConflict } from "./hub-choice.ts";
import type { ConfigInputs } from "./load-settings.ts";
import { type CommonServiceConfig, readServiceConfig } from "./read-config.ts";
import { chooseServiceHub, readServiceHub, type ServiceHub } from "./service-hub.ts";
import type { SettingReader } from "./setting-reader.ts";
import { describeSource, rankOf } from "./setting-source.ts";

export interface HubConfig extends CommonServiceConfig {
  readonly hub: ServiceHub;
  readonly device?: NamedDevice | undefined;
}

export interface NamedDevice {
  readonly deviceId: string;
  readonly from: string;
}

/** Events can be read through a hub, or directly from its Event Hubs-compatible endpoint. */
export interface EventsConfig extends CommonServiceConfig {
  readonly hub: ServiceHub | EventHub;
  /** Its id is a pattern: `*` is a wildcard, `\*` is not. */
  readonly device?: NamedDevice | undefined;
}

export interface EventHub {
  readonly type: "eventHub";
  readonly connectionString: EventHubConnectionString;
  readonly from: string;
}

/** @throws ConfigError with every problem. */
export function loadHubConfig(inputs: ConfigInputs): HubConfig {
  return load(inputs, (reader) => readServiceHub(reader, inputs, chooseServiceHub(reader)));
}

/** @throws ConfigError with every problem, a missing device included. */
export function loadDeviceOfHubConfig(
  inputs: ConfigInputs,
): HubConfig & { readonly device: NamedDevice } {
  const config = load(inputs, (reader) => {
    if (reader.text("deviceId") === undefined) {
      reader.report("deviceId", "missing device", "Specify it with -d <device>.");
    }
    return readServiceHub(reader, inputs, chooseServiceHub(reader));
  });
  const { device } = config;
  if (device === undefined) throw new Error("A missing device is a problem that was reported.");
  return { ...config, device };
}

/** @throws ConfigError with every problem. */
export function loadEventsConfig(inputs: ConfigInputs): EventsConfig {
  return load(
    inputs,
    (reader) =>
      isEventHubChosen(reader)
        ? readEventHub(reader)
        : readServiceHub(reader, inputs, chooseServiceHub(reader)),
    (reader) => reader.deviceIdPattern("deviceId"),
  );
}

function load<H>(
  inputs: ConfigInputs,
  readHub: (reader: SettingReader) => H | undefined,
  readId = (reader: SettingReader) => reader.deviceId("deviceId"),
) {
  return readServiceConfig(inputs, (reader) => {
    const device = readDevice(reader, readId);
    const hub = readHub(reader);
    return hub && { hub, device };
  });
}

function readDevice(
  reader: SettingReader,
  readId: (reader: SettingReader) => string | undefined,
): NamedDevice | undefined {
  const source = reader.settings.deviceId?.source;
  if (source === undefined) return undefined;
  const deviceId = readId(reader);
  return deviceId === undefined
    ? undefined
    : { deviceId, from: describeSource("deviceId", source) };
}

/**
 * At the same level the endpoint wins over the hub, because it is more specific and `c2d-hub env`
 * sets both; but the local hub, or two flags, conflict with it.
 */
function isEventHubChosen(reader: SettingReader): boolean {
  const key = "eventHubConnectionString";
  const source = reader.settings[key]?.source;
  if (source === undefined) return false;
  const rank = rankOf(source);
  const others = namedHubs(reader, ["hubConnectionString", "hubName"]);
  if (others.some((other) => rankOf(other.source) > rank)) return false;
  const conflicting = others.find(
    (other) =>
      rankOf(other.source) === rank && (other.key === "local" || other.source.type === "flag"),
  );
  if (conflicting) reportConflict(reader, conflicting, { key, source });
  return true;
}

function readEventHub(reader: SettingReader): EventHub | undefined {
  const key = "eventHubConnectionString";
  const connectionString = reader.connectionString(key, parseEventHubConnectionString);
  const source = reader.settings[key]?.source;
  if (connectionString === undefined || source === undefined) return undefined;
  return { type: "eventHub", connectionString, from: describeSource(key, source) };
}
