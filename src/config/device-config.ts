import {
  type DeviceConnectionString,
  parseDeviceConnectionString,
} from "../core/connection-string.ts";
import { homeDirectory } from "./home-directory.ts";
import { chooseHub } from "./hub-choice.ts";
import type { ConfigInputs } from "./load-settings.ts";
import { readConfig } from "./read-config.ts";
import { parseDeviceSasToken } from "./sas-device.ts";
import type { SettingReader } from "./setting-reader.ts";
import { describeSource } from "./setting-source.ts";
import { DEFAULT_LOCAL_DEVICE_ID, DEVICE_TRANSPORTS, type SettingKey } from "./settings.ts";

export interface DeviceConfig {
  readonly hub: DeviceHub;
  readonly transport: (typeof DEVICE_TRANSPORTS)[number];
  /** PEM. */
  readonly ca?: string | undefined;
  readonly certificate?: X509Files | undefined;
  /** Must not be printed. */
  readonly secrets: readonly string[];
}

export type DeviceHub =
  | {
      readonly type: "local";
      readonly home: string;
      readonly deviceId: string;
      readonly from: string;
    }
  | {
      readonly type: "remote";
      readonly connectionString: DeviceConnectionString;
      readonly from: string;
    };

/** PEM. */
interface X509Files {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

/** @throws ConfigError with every problem. */
export function loadDeviceConfig(inputs: ConfigInputs, nowMs = Date.now()): DeviceConfig {
  return readConfig(inputs, (reader) => {
    const hub = readHub(reader, inputs, nowMs);
    const ca = reader.certificate("caFile");
    const transport = reader.choice("deviceTransport", DEVICE_TRANSPORTS);
    const certificate = hub && readX509(reader, hub);
    return hub && transport && { hub, transport, ca, certificate };
  });
}

function readHub(
  reader: SettingReader,
  inputs: ConfigInputs,
  nowMs: number,
): DeviceHub | undefined {
  const choice = chooseHub(reader, ["deviceConnectionString", "sasToken"]);
  if (choice === undefined) return undefined;
  const from = describeSource(choice.key, choice.source);
  if (choice.key === "local") {
    const deviceId = reader.text("deviceId")
      ? reader.deviceId("deviceId")
      : DEFAULT_LOCAL_DEVICE_ID;
    const home = homeDirectory(reader, inputs);
    return deviceId === undefined ? undefined : { type: "local", home, deviceId, from };
  }
  const connectionString = reader.connectionString(
    choice.key,
    choice.key === "sasToken"
      ? (text) => parseDeviceSasToken(text, nowMs)
      : parseDeviceConnectionString,
  );
  if (connectionString === undefined) return undefined;
  checkSameDevice(reader, connectionString.deviceId, from);
  return { type: "remote", connectionString, from };
}

/** The variable may name the target of a sender, so only the flag must match. */
function checkSameDevice(reader: SettingReader, deviceId: string, from: string): void {
  if (!reader.isFlag("deviceId") || reader.text("deviceId") === deviceId) return;
  reader.report(
    "deviceId",
    `does not match ${from}, which is for '${deviceId}'`,
    "Omit --device-id, or give the connection string of that device.",
  );
}

const X509_KEYS = ["certFile", "keyFile", "passphrase"] as const satisfies SettingKey[];

function readX509(reader: SettingReader, hub: DeviceHub): X509Files | undefined {
  const why =
    hub.type === "local" ? whyOnLocalHub(reader) : whyOfConnectionString(hub.connectionString);
  if (why === undefined) {
    for (const key of X509_KEYS.filter((one) => reader.isFlag(one))) {
      reader.report(
        key,
        "not used: this device does not sign in with a certificate",
        "Omit it, or give a connection string that contains x509=true.",
      );
    }
    return undefined;
  }
  const cert = required(reader, "certFile", why, () => reader.certificate("certFile"));
  const passphrase = reader.text("passphrase");
  const key = required(reader, "keyFile", why, () =>
    reader.privateKey("keyFile", passphrase, cert),
  );
  if (cert === undefined || key === undefined) return undefined;
  return { cert, key, ...(passphrase !== undefined && { passphrase }) };
}

function whyOfConnectionString({ credential }: DeviceConnectionString): string | undefined {
  return credential.type === "x509" ? "the connection string contains x509=true" : undefined;
}

/** Only the hub knows how the device authenticates, so one flag or both variables decide. */
function whyOnLocalHub(reader: SettingReader): string | undefined {
  const isFlag = X509_KEYS.some((key) => reader.isFlag(key));
  const areBoth = reader.text("certFile") !== undefined && reader.text("keyFile") !== undefined;
  return isFlag || areBoth ? "a certificate and its key are used together" : undefined;
}

function required(
  reader: SettingReader,
  key: "certFile" | "keyFile",
  why: string,
  read: () => string | undefined,
): string | undefined {
  if (reader.text(key) !== undefined) return read();
  return reader.report(
    key,
    `required, because ${why}`,
    "Give the device's certificate and key as PEM files: --cert-file and --key-file.",
  );
}
