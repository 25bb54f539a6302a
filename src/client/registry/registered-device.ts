import { Secret } from "../../core/secret.ts";

/** Fields that the hub did not send are absent. */
export interface RegisteredDevice {
  readonly deviceId: string;
  readonly generationId?: string;
  readonly etag?: string;
  /** `Connected` or `Disconnected`. */
  readonly connectionState?: string;
  /** ISO 8601, like all times here; the year 1 means never. */
  readonly connectionStateUpdatedTime?: string;
  /** `enabled` or `disabled`. */
  readonly status?: string;
  readonly statusReason?: string;
  readonly statusUpdatedTime?: string;
  readonly lastActivityTime?: string;
  readonly cloudToDeviceMessageCount?: number;
  readonly isIotEdge?: boolean;
  readonly authentication?: RegisteredAuthentication;
}

/** Fields that the policy may not read are absent. */
export interface RegisteredAuthentication {
  /** `sas`, `selfSigned`, `certificateAuthority`, or one newer than this list. */
  readonly type: string;
  readonly primaryKey?: Secret;
  readonly secondaryKey?: Secret;
  readonly primaryThumbprint?: string;
  readonly secondaryThumbprint?: string;
}

/** Undefined if `json` is no device identity in the registry's form (service API description). */
export function parseRegisteredDevice(json: unknown): RegisteredDevice | undefined {
  if (!isObject(json) || typeof json.deviceId !== "string") return undefined;
  const authentication = parseAuthentication(json.authentication);
  const isIotEdge = isObject(json.capabilities) ? json.capabilities.iotEdge : undefined;
  const count = json.cloudToDeviceMessageCount;
  return {
    deviceId: json.deviceId,
    ...texts(json, [
      "generationId",
      "etag",
      "connectionState",
      "connectionStateUpdatedTime",
      "status",
      "statusReason",
      "statusUpdatedTime",
      "lastActivityTime",
    ]),
    // The SDK's types say string, but the hub sends a number.
    ...(isCount(count) && { cloudToDeviceMessageCount: Number(count) }),
    ...(typeof isIotEdge === "boolean" && { isIotEdge }),
    ...(authentication && { authentication }),
  };
}

function parseAuthentication(json: unknown): RegisteredAuthentication | undefined {
  if (!isObject(json) || typeof json.type !== "string") return undefined;
  const { primaryKey, secondaryKey } = texts(json.symmetricKey, ["primaryKey", "secondaryKey"]);
  return {
    type: json.type,
    ...(primaryKey !== undefined && { primaryKey: new Secret(primaryKey) }),
    ...(secondaryKey !== undefined && { secondaryKey: new Secret(secondaryKey) }),
    ...texts(json.x509Thumbprint, ["primaryThumbprint", "secondaryThumbprint"]),
  };
}

function texts<K extends string>(json: unknown, names: readonly K[]): { [P in K]?: string } {
  const found: { [P in K]?: string } = {};
  for (const name of names) {
    const value = isObject(json) ? json[name] : undefined;
    if (typeof value === "string" && value !== "") found[name] = value;
  }
  return found;
}

function isCount(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
