/**
 * Does not use `client/registry`: every command with `--local` starts here and would have to load
 * the SDK, and a hung hub must be distinguished from another program on its port.
 */

import { existsSync } from "node:fs";
import { ClientError } from "../../client/errors/client-error.ts";
import type { DeviceConnectionString, DeviceCredential } from "../../core/connection-string.ts";
import { Secret } from "../../core/secret.ts";
import { type HubDescription, STATUS_PATH, STOP_PATH } from "../../hub/home/home.ts";
import { type Answer, type Bounds, call, toError } from "./hub-request.ts";

/**
 * Creates the device if it does not exist. The host name has the port that serves every protocol.
 *
 * @throws ClientError
 */
export async function ensureDevice(
  hub: HubDescription,
  deviceId: string,
): Promise<DeviceConnectionString> {
  const path = pathOf(deviceId);
  const found = await call(hub, "GET", path);
  const created =
    found.status === 404 ? await call(hub, "PUT", path, { body: { deviceId } }) : found;
  // Another command may have created it between the two calls.
  const device = created.status === 409 ? await call(hub, "GET", path) : created;
  return toConnectionString(hub, deviceId, device);
}

/** @throws ClientError DeviceNotFound for a deleted device, instead of creating it again. */
export async function findDevice(
  hub: HubDescription,
  deviceId: string,
): Promise<DeviceConnectionString> {
  const device = await call(hub, "GET", pathOf(deviceId));
  if (device.status !== 404) return toConnectionString(hub, deviceId, device);
  throw new ClientError("DeviceNotFound", `The local hub no longer has a device '${deviceId}'.`, {
    hint: "It was deleted in the meantime. Run the command again to create it.",
  });
}

/**
 * Whether this home's hub responds at that address: only it has the key of the home's certificate.
 *
 * @throws ClientError ConnectTimeout if nothing responds in time; the signal's reason.
 */
export async function isHomeHub(hub: HubDescription, bounds: Bounds): Promise<boolean> {
  if (!existsSync(hub.caFile)) return false;
  try {
    await call(hub, "GET", pathOf("probe"), bounds);
    return true;
  } catch (error) {
    if (error instanceof ClientError && error.name === "ConnectionLost") return false;
    throw error;
  }
}

/** An older version of the hub has only the last one. */
export interface HubStatus {
  readonly version?: string;
  readonly startedAtUtc?: string;
  readonly devices?: number;
  /** Of clients, by protocol. */
  readonly connections?: Readonly<Record<string, number>>;
  readonly messagesWaiting?: number;
  /** Since its start. */
  readonly refusedHandshakes: number;
}

/** @throws ClientError if the hub does not respond in time, or does not support the request. */
export async function readStatus(hub: HubDescription, timeoutMs: number): Promise<HubStatus> {
  const answer = await call(hub, "GET", STATUS_PATH, { timeoutMs });
  if (answer.status !== 200) throw toError(answer);
  return JSON.parse(answer.body) as HubStatus;
}

/**
 * Resolves before the hub has stopped; false for an older version, which does not support this.
 *
 * @throws ClientError
 */
export async function requestStop(hub: HubDescription): Promise<boolean> {
  const { status } = await call(hub, "POST", STOP_PATH);
  return status === 204;
}

/** @throws ClientError */
export async function isDeviceConnected(
  hub: HubDescription,
  deviceId: string,
  timeoutMs: number,
): Promise<boolean> {
  const { status, body } = await call(hub, "GET", pathOf(deviceId), { timeoutMs });
  if (status !== 200) return false;
  return (JSON.parse(body) as { connectionState?: string }).connectionState === "Connected";
}

function pathOf(deviceId: string): string {
  return `/devices/${encodeURIComponent(deviceId)}?api-version=2020-09-30`;
}

function toConnectionString(
  hub: HubDescription,
  deviceId: string,
  device: Answer,
): DeviceConnectionString {
  if (device.status !== 200) throw toError(device);
  return { type: "device", hostName: hub.endpoint, deviceId, credential: credentialOf(device) };
}

function credentialOf({ body }: Answer): DeviceCredential {
  const { authentication } = JSON.parse(body) as {
    authentication: { type: string; symmetricKey: { primaryKey: string } };
  };
  if (authentication.type !== "sas") return { type: "x509" };
  return { type: "key", sharedAccessKey: new Secret(authentication.symmetricKey.primaryKey) };
}
