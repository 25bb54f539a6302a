/** The text form is the tutorial's print_device_info. */

import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import {
  type DeviceConnectionString,
  formatDeviceConnectionString,
} from "../../../core/connection-string.ts";
import { Secret } from "../../../core/secret.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { toAuthMethod } from "../registry/auth-method.ts";

const HIDDEN_KEY = new Secret("<hidden>");

/** Absent: not sent by the hub, or a hidden key. */
type DeviceFields = Readonly<Record<string, string | number | boolean | undefined>>;

export interface Access {
  readonly hostName: string;
  readonly keys: KeyDisplay;
}

type KeyDisplay = "shown" | "hidden";

/** @param access If absent, neither keys nor connection string are shown. */
export function formatDeviceJson(device: RegisteredDevice, access?: Access): string {
  const areShown = access?.keys === "shown";
  const { generationId, etag, statusReason, statusUpdatedTime } = device;
  return formatJsonLine({
    type: "device",
    ...fieldsOf(device, areShown),
    ...thumbprintsOf(device),
    generationId,
    etag,
    statusReason,
    statusUpdatedTime,
    connectionStateUpdatedTime: device.connectionStateUpdatedTime,
    ...(areShown && { connectionString: connectionStringOf(device, access) }),
  });
}

/** The tutorial's lines, then the connection string if `access` is given. */
export function formatDeviceText(title: string, device: RegisteredDevice, access?: Access): string {
  const fields = { ...fieldsOf(device, access?.keys === "shown"), ...thumbprintsOf(device) };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [formatField(name, String(value))],
  );
  const connectionString = access && connectionStringOf(device, access);
  const last = connectionString ? `\nConnection string: ${escapeLine(connectionString)}\n` : "";
  return `${title}:\n${lines.join("")}${last}`;
}

/** Undefined if the hub did not send the key. */
export function connectionStringOf(
  { deviceId, authentication }: RegisteredDevice,
  { hostName, keys }: Access,
): string | undefined {
  const credential = credentialOf(authentication, keys);
  return credential && formatDeviceConnectionString({ hostName, deviceId, credential });
}

function fieldsOf(device: RegisteredDevice, areKeysShown: boolean): DeviceFields {
  const { authentication } = device;
  return {
    deviceId: device.deviceId,
    primaryKey: areKeysShown ? authentication?.primaryKey?.reveal() : undefined,
    secondaryKey: areKeysShown ? authentication?.secondaryKey?.reveal() : undefined,
    connectionState: device.connectionState,
    status: device.status,
    lastActivityTime: device.lastActivityTime,
    cloudToDeviceMessageCount: device.cloudToDeviceMessageCount,
    isManaged: device.isIotEdge,
    authMethod: authentication && toAuthMethod(authentication.type),
  };
}

/** Not secrets: they identify a certificate. */
function thumbprintsOf({ authentication }: RegisteredDevice): DeviceFields {
  const { primaryThumbprint, secondaryThumbprint } = authentication ?? {};
  return { primaryThumbprint, secondaryThumbprint };
}

function credentialOf(
  authentication: RegisteredDevice["authentication"],
  keys: KeyDisplay,
): DeviceConnectionString["credential"] | undefined {
  if (authentication === undefined) return undefined;
  if (authentication.type !== "sas") return { type: "x509" };
  const { primaryKey } = authentication;
  if (primaryKey === undefined) return undefined;
  return { type: "key", sharedAccessKey: keys === "shown" ? primaryKey : HIDDEN_KEY };
}

/** Aligned as in the tutorial. */
function formatField(name: string, value: string): string {
  return `iothubDevice.${name.padEnd(27)} = ${escapeLine(value)}\n`;
}
