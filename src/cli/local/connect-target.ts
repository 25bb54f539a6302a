/** Resolves the hub a command connects to; finds or starts the local hub. */

import type { ServiceSignIn } from "../../client/connection/service-sign-in.ts";
import { createEntraLogin } from "../../client/sdk/entra/entra-login.ts";
import type { DeviceHub } from "../../config/device-config.ts";
import type { EventHub } from "../../config/hub-config.ts";
import type { ServiceHub } from "../../config/service-hub.ts";
import {
  type DeviceConnectionString,
  parseHubConnectionString,
} from "../../core/connection-string.ts";
import { type HubDescription, readHomeFile } from "../../hub/home/home.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { whileConnecting } from "./connecting.ts";
import { ensureDevice, findDevice } from "./hub-api.ts";
import { HubFollower } from "./hub-follower.ts";
import { resolveLocalhostTo } from "./resolve-localhost.ts";

export interface Target<T> {
  readonly connectionString: T;
  /** Extra CA certificates (PEM). */
  readonly ca?: string | undefined;
  readonly lockTimeoutMs?: number | undefined;
}

export interface TargetOptions {
  readonly ca: string | undefined;
  readonly connectTimeoutMs: number;
  readonly signal: AbortSignal;
  /** To reconnect. Devices are created on the first hub only: a deleted one stays deleted. */
  readonly follower?: HubFollower | undefined;
}

/**
 * Resolved again at each call: a restarted local hub may have other ports.
 *
 * @throws LocalHubError; ClientError, among them DeviceNotFound if the device must not be created.
 */
export async function resolveDeviceTarget(
  hub: DeviceHub,
  options: TargetOptions,
  context: Context,
): Promise<Target<DeviceConnectionString>> {
  if (hub.type === "remote") return { connectionString: hub.connectionString, ca: options.ca };
  const provide = options.follower?.isFollowing ? findDevice : ensureDevice;
  const running = await findHub(hub.home, options, context);
  return local(await provide(running, hub.deviceId), running, options);
}

/**
 * Creates missing devices on the first local hub only: a later one refuses messages to them.
 *
 * @throws LocalHubError, ClientError
 */
export async function resolveServiceTarget(
  hub: ServiceHub,
  deviceIds: readonly string[],
  options: TargetOptions,
  context: Context,
): Promise<Target<ServiceSignIn>> {
  const { ca } = options;
  if (hub.type === "remote") return { connectionString: hub.connectionString, ca };
  if (hub.type === "login") return { connectionString: createEntraLogin(hub.hostName), ca };
  const missing = options.follower?.isFollowing ? [] : deviceIds;
  const running = await findHub(hub.home, options, context);
  for (const deviceId of missing) await ensureDevice(running, deviceId);
  const owner = parseHubConnectionString(running.connectionString);
  return local({ ...owner, hostName: running.endpoint }, running, options);
}

export function describeHub(name: string, hub: DeviceHub | ServiceHub): string {
  const hostName = escapeLine(name);
  if (hub.type === "local")
    return `Hub: ${hostName}, the local hub of ${escapeLine(hub.home)} (${hub.from})`;
  const how = hub.type === "login" ? ", signing in with Microsoft Entra ID" : "";
  return `Hub: ${hostName} (${hub.from}${how})`;
}

async function findHub(
  home: string,
  { connectTimeoutMs, signal, follower }: TargetOptions,
  context: Context,
): Promise<HubDescription> {
  const hubs = follower ?? new HubFollower(home, context);
  const find = () => hubs.find({ timeoutMs: connectTimeoutMs, signal });
  return hubs.isFollowing ? await find() : await whileConnecting("the local hub", context, find);
}

export function createFollower(
  hub: DeviceHub | ServiceHub | EventHub,
  context: Context,
): HubFollower | undefined {
  return hub.type === "local" ? new HubFollower(hub.home, context) : undefined;
}

function local<T>(connectionString: T, hub: HubDescription, { ca }: TargetOptions): Target<T> {
  resolveLocalhostTo(hub);
  const own = readHomeFile(hub.caFile);
  return {
    connectionString,
    ca: ca === undefined ? own : `${own}\n${ca}`,
    lockTimeoutMs: hub.lockTimeoutMs,
  };
}
