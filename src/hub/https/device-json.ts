import type {
  DeviceAuthentication,
  DeviceIdentity,
  DeviceRequest,
} from "../../core/device-identity.ts";
import { formatUtc } from "../../core/encodings.ts";
import { HubError } from "../../core/hub-error.ts";
import { EMPTY_TWIN } from "../../core/twin.ts";
import type { DeviceTimes } from "../store/records.ts";
import type { HttpReply } from "./http-reply.ts";
import { isObject, parseObject } from "./json-body.ts";

/** Means never (registry samples in the documentation). */
const NEVER = "0001-01-01T00:00:00Z";

/** Of an unchanged twin: version 1 in base64, as on Azure. */
const TWIN_ETAG = "AAAAAAAAAAE=";

export interface DeviceActivity extends DeviceTimes {
  readonly isConnected: boolean;
  readonly cloudToDeviceMessageCount: number;
}

/** The registry's form (service API description, 2020-09-30). */
export function toDeviceReply(device: DeviceIdentity, activity: DeviceActivity): HttpReply {
  return {
    status: 200,
    headers: { ETag: `"${device.etag}"` },
    body: toDeviceJson(device, activity),
  };
}

export function toDeviceJson(device: DeviceIdentity, activity: DeviceActivity): object {
  return {
    ...toIdentityJson(device, activity),
    authentication: toAuthenticationJson(device.authentication),
  };
}

function toIdentityJson(device: DeviceIdentity, activity: DeviceActivity) {
  const { statusUpdatedTimeMs } = device;
  return {
    deviceId: device.deviceId,
    generationId: device.generationId,
    etag: device.etag,
    connectionState: activity.isConnected ? "Connected" : "Disconnected",
    status: device.status,
    statusReason: device.statusReason ?? null,
    connectionStateUpdatedTime: timeOrNever(activity.connectionStateUpdatedTimeMs),
    statusUpdatedTime: timeOrNever(statusUpdatedTimeMs),
    lastActivityTime: timeOrNever(activity.lastActivityTimeMs),
    cloudToDeviceMessageCount: activity.cloudToDeviceMessageCount,
    capabilities: { iotEdge: device.isIotEdge },
  };
}

/** A twin in query results; the hub stores only its identity. */
export function toTwinJson(device: DeviceIdentity, activity: DeviceActivity): object {
  const { generationId: _, etag: deviceEtag, ...identity } = toIdentityJson(device, activity);
  const { x509Thumbprint, type } = toAuthenticationJson(device.authentication);
  const { desired, reported } = EMPTY_TWIN;
  return {
    ...identity,
    etag: TWIN_ETAG,
    deviceEtag,
    authenticationType: type,
    x509Thumbprint,
    version: 1,
    properties: {
      desired: { $metadata: {}, ...desired },
      reported: { $metadata: {}, ...reported },
    },
  };
}

/** @throws HubError ArgumentInvalid */
export function parseDeviceRequest(body: Uint8Array, deviceId: string): DeviceRequest {
  const json = parseObject(body);
  if (json.deviceId !== undefined && json.deviceId !== deviceId) {
    throw new HubError(
      "ArgumentInvalid",
      "The device id in the body differs from the one in the path.",
    );
  }
  return readDeviceRequest(json);
}

/** @throws HubError ArgumentInvalid */
export function readDeviceRequest(json: Readonly<Record<string, unknown>>): DeviceRequest {
  const { status, statusReason, capabilities } = json;
  if (status !== undefined && status !== "enabled" && status !== "disabled") {
    throw new HubError("ArgumentInvalid", "status must be enabled or disabled.");
  }
  const authentication = parseAuthentication(json.authentication);
  return {
    ...(status !== undefined && { status }),
    ...(typeof statusReason === "string" && { statusReason }),
    ...(authentication !== undefined && { authentication }),
    ...(isObject(capabilities) && { isIotEdge: capabilities.iotEdge === true }),
  };
}

function toAuthenticationJson(authentication: DeviceAuthentication) {
  const { type } = authentication;
  const noKeys = { primaryKey: null, secondaryKey: null };
  const noThumbprints = { primaryThumbprint: null, secondaryThumbprint: null };
  if (type === "sas") {
    const { primaryKey, secondaryKey } = authentication;
    return { symmetricKey: { primaryKey, secondaryKey }, x509Thumbprint: noThumbprints, type };
  }
  if (type === "selfSigned") {
    const { primaryThumbprint, secondaryThumbprint = null } = authentication;
    return {
      symmetricKey: noKeys,
      x509Thumbprint: { primaryThumbprint, secondaryThumbprint },
      type,
    };
  }
  return { symmetricKey: noKeys, x509Thumbprint: noThumbprints, type };
}

function parseAuthentication(value: unknown): DeviceAuthentication | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value))
    throw new HubError("ArgumentInvalid", "authentication is not a JSON object.");
  const { type = "sas", symmetricKey, x509Thumbprint } = value;
  if (type === "certificateAuthority") return { type };
  if (type === "selfSigned" && isObject(x509Thumbprint)) {
    const secondaryThumbprint = text(x509Thumbprint.secondaryThumbprint);
    return {
      type,
      primaryThumbprint: text(x509Thumbprint.primaryThumbprint),
      ...(secondaryThumbprint !== "" && { secondaryThumbprint }),
    };
  }
  if (type !== "sas")
    throw new HubError("ArgumentInvalid", "This authentication type is not supported.");
  const keys = isObject(symmetricKey) ? symmetricKey : {};
  return { type, primaryKey: text(keys.primaryKey), secondaryKey: text(keys.secondaryKey) };
}

/** Absent and null count as empty. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new HubError("ArgumentInvalid", "A key or thumbprint is not a string.");
}

function timeOrNever(timeMs: number | undefined): string {
  return timeMs === undefined ? NEVER : formatUtc(timeMs);
}
