/** HTTP requests and replies of the registry to what the hub means by them, and back. */

import type { DeviceIdentity } from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";

/** The time of what has never happened (registry samples of the documentation). */
const NEVER = "0001-01-01T00:00:00Z";

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** What the hub knows of a device at the moment, beside its identity. */
export interface DeviceActivity {
  readonly isConnected: boolean;
  readonly cloudToDeviceMessageCount: number;
}

/** A device identity in the registry's form (service API description, 2020-09-30). */
export function toDeviceJson(device: DeviceIdentity, activity: DeviceActivity): object {
  const { primaryKey, secondaryKey, type } = device.authentication;
  return {
    deviceId: device.deviceId,
    generationId: device.generationId,
    etag: device.etag,
    connectionState: activity.isConnected ? "Connected" : "Disconnected",
    status: device.status,
    statusReason: null,
    connectionStateUpdatedTime: NEVER,
    statusUpdatedTime: NEVER,
    lastActivityTime: NEVER,
    cloudToDeviceMessageCount: activity.cloudToDeviceMessageCount,
    authentication: {
      symmetricKey: { primaryKey, secondaryKey },
      x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
      type,
    },
    capabilities: { iotEdge: false },
  };
}

/**
 * An error as the Node and C# SDKs read it: the code and the text in one string, the code again in
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

/** @throws HubError IotHubUnauthorized without an Authorization header. */
export function readToken(authorization: string | undefined): string {
  if (authorization !== undefined) return authorization;
  throw new HubError("IotHubUnauthorized", "Authorization header missing");
}
