/** The hub a command talks to, made out of its configuration: the local one is found, or started. */

import { readFileSync } from "node:fs";
import { createEntraLogin } from "../../client/entra-login.ts";
import type { ServiceSignIn } from "../../client/service-sign-in.ts";
import type { DeviceHub } from "../../config/device-config.ts";
import type { ServiceHub } from "../../config/service-hub.ts";
import {
  type DeviceConnectionString,
  parseHubConnectionString,
} from "../../core/connection-string.ts";
import type { HubDescription } from "../../hub/home.ts";
import { escapeLine } from "../escape.ts";
import type { Context } from "../run-program.ts";
import { ensureLocalHub } from "./ensure-local-hub.ts";
import { ensureDevice, findDevice } from "./hub-api.ts";
import { requireHub } from "./require-hub.ts";

/** Where to connect and what to trust there. */
export interface Target<T> {
  readonly connectionString: T;
  /** Extra CA certificates (PEM). */
  readonly ca?: string;
}

export interface TargetOptions {
  /** The user's own `--ca`. */
  readonly ca: string | undefined;
  readonly connectTimeoutMs: number;
  /** Gives up the wait for a local hub. */
  readonly signal: AbortSignal;
  /** False for who had a hub already: one that somebody has stopped stays stopped. Default true. */
  readonly mayStartHub?: boolean;
  /** False for who had the device already: one that somebody has deleted stays so. Default true. */
  readonly mayCreateDevice?: boolean;
}

/**
 * Read anew at each call: a local hub may have ended and come back on other ports.
 *
 * @throws LocalHubError; ClientError, DeviceNotFound where the device is missing and may not be created.
 */
export async function resolveDeviceTarget(
  hub: DeviceHub,
  options: TargetOptions,
  context: Context,
): Promise<Target<DeviceConnectionString>> {
  if (hub.type === "remote") return remote(hub.connectionString, options);
  const running = await ensureHub(hub.home, options, context);
  const { mayCreateDevice = true } = options;
  const provide = mayCreateDevice ? ensureDevice : findDevice;
  return local(await provide(running, hub.deviceId), running, options);
}

/**
 * On the local hub the devices are created if they are missing; where they may not be, the hub itself
 * refuses what is sent to them.
 *
 * @throws LocalHubError, ClientError
 */
export async function resolveServiceTarget(
  hub: ServiceHub,
  deviceIds: readonly string[],
  options: TargetOptions,
  context: Context,
): Promise<Target<ServiceSignIn>> {
  if (hub.type === "remote") return remote(hub.connectionString, options);
  if (hub.type === "login") return remote(await createEntraLogin(hub.hostName), options);
  const running = await ensureHub(hub.home, options, context);
  const { mayCreateDevice = true } = options;
  for (const deviceId of mayCreateDevice ? deviceIds : []) await ensureDevice(running, deviceId);
  const owner = parseHubConnectionString(running.connectionString);
  return local({ ...owner, hostName: running.endpoint }, running, options);
}

/** The banner: which hub, and who said so. */
export function describeHub(name: string, hub: DeviceHub | ServiceHub): string {
  const hostName = escapeLine(name);
  if (hub.type === "local")
    return `Hub: ${hostName}, the local hub of ${escapeLine(hub.home)} (${hub.from})`;
  const how = hub.type === "login" ? ", signing in with Microsoft Entra ID" : "";
  return `Hub: ${hostName} (${hub.from}${how})`;
}

async function ensureHub(
  home: string,
  { connectTimeoutMs, signal, mayStartHub = true }: TargetOptions,
  { reporter }: Context,
): Promise<HubDescription> {
  if (!mayStartHub) return await requireHub(home);
  return await ensureLocalHub({
    home,
    timeoutMs: connectTimeoutMs,
    signal,
    onStart: () =>
      reporter.info("Starting the local hub in the background (c2d-hub stop ends it) ..."),
  });
}

function remote<T>(connectionString: T, { ca }: TargetOptions): Target<T> {
  return { connectionString, ...(ca !== undefined && { ca }) };
}

function local<T>(connectionString: T, hub: HubDescription, { ca }: TargetOptions): Target<T> {
  const own = readFileSync(hub.caFile, "utf8");
  return { connectionString, ca: ca === undefined ? own : `${own}\n${ca}` };
}
