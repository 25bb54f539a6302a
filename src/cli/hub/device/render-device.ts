/** A device of the registry, as text (the tutorial's print_device_info) and as JSON. */

import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import {
  type DeviceConnectionString,
  formatDeviceConnectionString,
} from "../../../core/connection-string.ts";
import { Secret } from "../../../core/secret.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { toAuthMethod } from "../registry/auth-method.ts";

/** Stands where a key is not shown. */
const HIDDEN_KEY = new Secret("<hidden>");

/** What is absent was not sent by the hub, or is a key that is not to be shown. */
type DeviceFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** How a device is shown that can be connected as. */
export interface Access {
  /** For its connection string. */
  readonly hostName: string;
  readonly keys: KeyDisplay;
}

type KeyDisplay = "shown" | "hidden";

/** @param access Absent: neither keys nor a connection string. */
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

/**
 * The tutorial's lines, and the connection string, whose key is left out when keys are hidden.
 *
 * @param access Absent: neither keys nor a connection string.
 */
export function formatDeviceText(title: string, device: RegisteredDevice, access?: Access): string {
  const fields = { ...fieldsOf(device, access?.keys === "shown"), ...thumbprintsOf(device) };
  const lines = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [formatField(name, String(value))],
  );
  const connectionString = access && connectionStringOf(device, access);
  const last = connectionString ? `\nConnection string: ${escapeLine(connectionString)}\n` : "";
  return `${title}:\n${lines.join("")}${last}`;
}

/** The form that the device's own programs take; undefined when the hub sent no key for it. */
export function connectionStringOf(
  { deviceId, authentication }: RegisteredDevice,
  { hostName, keys }: Access,
): string | undefined {
  const credential = credentialOf(authentication, keys);
  return credential && formatDeviceConnectionString({ hostName, deviceId, credential });
}

/** What the tutorial prints, in its order. */
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

/** No secrets: they tell a certificate, and cannot make it. */
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

/** As wide as the tutorial's. */
function formatField(name: string, value: string): string {
  return `iothubDevice.${name.padEnd(27)} = ${escapeLine(value)}\n`;
}
