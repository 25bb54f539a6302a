/** HTTP requests to what the hub means by them, and replies back. Nothing here knows a state. */

import type {
  DeviceAuthentication,
  DeviceIdentity,
  DeviceRequest,
} from "../../core/device-identity.ts";
import { encodeHeaderName, encodeHeaderValue } from "../../core/header-text.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Message } from "../../core/message.ts";
import type { Entry } from "../../core/message-queue.ts";
import { deviceboundTo } from "../../core/resource-path.ts";
import { EMPTY_TWIN } from "../../core/twin.ts";
import type { DeviceTimes } from "../store/records.ts";

/** The time of what has never happened (registry samples of the documentation). */
const NEVER = "0001-01-01T00:00:00Z";

/** A lock an HTTP receiver may ask for, in seconds (devguide-c2d). */
const LOCK_TIMEOUT_SECONDS = { min: 5, max: 300 };

/** Of a twin nobody has changed: version 1, in base64 as Azure has it. */
const TWIN_ETAG = "AAAAAAAAAAE=";

export interface HttpReply {
  readonly status: number;
  /** Names in Azure's case, in which they leave (rule https-header-names). */
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, bytes as they are. */
  readonly body?: object | Uint8Array;
}

export const NO_CONTENT: HttpReply = { status: 204 };

/** What the hub knows of a device at the moment, beside its identity. */
export interface DeviceActivity extends DeviceTimes {
  readonly isConnected: boolean;
  readonly cloudToDeviceMessageCount: number;
}

/** A device identity in the registry's form (service API description, 2020-09-30). */
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

/** A device as queries give it: its twin, which the hub keeps none of beyond its identity. */
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

/**
 * Reads a device identity that somebody wants created or updated.
 *
 * @throws HubError ArgumentInvalid for a body that is none.
 */
export function parseDeviceRequest(body: Uint8Array, deviceId: string): DeviceRequest {
  const json = parseObject(body);
  if (json.deviceId !== undefined && json.deviceId !== deviceId) {
    throw new HubError("ArgumentInvalid", "The body is of another device than the path.");
  }
  return readDeviceRequest(json);
}

/** @throws HubError ArgumentInvalid */
export function readDeviceRequest(json: Readonly<Record<string, unknown>>): DeviceRequest {
  const { status, statusReason, capabilities } = json;
  if (status !== undefined && status !== "enabled" && status !== "disabled") {
    throw new HubError("ArgumentInvalid", "status is enabled or disabled.");
  }
  const authentication = parseAuthentication(json.authentication);
  return {
    ...(status !== undefined && { status }),
    ...(typeof statusReason === "string" && { statusReason }),
    ...(authentication !== undefined && { authentication }),
    ...(isObject(capabilities) && { isIotEdge: capabilities.iotEdge === true }),
  };
}

/** A message as a polling device receives it: the body raw, all else in headers (rule https-receive). */
export function toMessageReply(
  deviceId: string,
  entry: Entry<Message>,
  lockToken: string,
): HttpReply {
  const { system, properties, body } = entry.payload;
  const headers: Record<string, string | undefined> = {
    ETag: `"${lockToken}"`,
    "iothub-messageid": system.messageId,
    "iothub-correlationid": system.correlationId,
    "iothub-userid": system.userId,
    "iothub-to": deviceboundTo(deviceId),
    "iothub-ack": system.ack,
    "iothub-expiry": isoTime(system.expiryTimeUtcMs),
    "iothub-sequencenumber": String(entry.sequenceNumber),
    "iothub-deliverycount": String(entry.deliveryCount),
    "iothub-enqueuedtime": isoTime(entry.enqueuedTimeMs),
    ContentType: system.contentType,
    ContentEncoding: system.contentEncoding,
  };
  for (const [name, value] of Object.entries(properties)) {
    headers[`iothub-app-${encodeHeaderName(name)}`] = value ?? "";
  }
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, encodeHeaderValue(value)] as const],
  );
  return { status: 200, headers: Object.fromEntries(present), body };
}

/**
 * Reads the lock time a receiver asks for, in milliseconds; undefined when it leaves it to the hub.
 *
 * @throws HubError ArgumentInvalid outside 5 to 300 seconds.
 */
export function parseLockTimeoutMs(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const { min, max } = LOCK_TIMEOUT_SECONDS;
  if (/^\d+$/.test(seconds) && Number(seconds) >= min && Number(seconds) <= max) {
    return Number(seconds) * 1000;
  }
  throw new HubError("ArgumentInvalid", `A lock timeout is ${min} to ${max} seconds.`);
}

/**
 * An error as the Node and C# SDKs read it (rule https-error): the code and the text in one string, the code again in
 * a header.
 */
export function toErrorReply(error: HubError, trackingId: string, nowMs: number): HttpReply {
  const timestamp = new Date(nowMs).toISOString();
  return {
    status: error.httpStatus,
    headers: { "iothub-errorcode": error.name },
    body: {
      Message: `ErrorCode:${error.name};${error.message}`,
      ExceptionMessage: `Tracking ID:${trackingId}-TimeStamp:${timestamp}`,
    },
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
  if (!isObject(value)) throw new HubError("ArgumentInvalid", "authentication is no JSON object.");
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
    throw new HubError("ArgumentInvalid", "This authentication type is not known.");
  const keys = isObject(symmetricKey) ? symmetricKey : {};
  return { type, primaryKey: text(keys.primaryKey), secondaryKey: text(keys.secondaryKey) };
}

/** @throws HubError ArgumentInvalid */
export function parseObject(body: Uint8Array): Record<string, unknown> {
  const json = parseJson(body);
  if (isObject(json)) return json;
  throw new HubError("ArgumentInvalid", "The body is not a JSON object.");
}

/** @throws HubError ArgumentInvalid */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    throw new HubError("ArgumentInvalid", "The body is not JSON.", { cause: error });
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Absent and null are empty. */
function text(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new HubError("ArgumentInvalid", "A key or thumbprint is not text.");
}

function timeOrNever(timeMs: number | undefined): string {
  return isoTime(timeMs) ?? NEVER;
}

function isoTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : new Date(timeMs).toISOString();
}
