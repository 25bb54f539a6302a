/** Keeps a device connected to the hub its configuration names. */

import { ClientError } from "../../client/client-error.ts";
import { connectDevice } from "../../client/connect-device.ts";
import {
  type ListenerEvent,
  type ListenerHandlers,
  runDeviceListener,
} from "../../client/device-listener.ts";
import type { DeviceConnectionString } from "../../core/connection-string.ts";
import { findRunningHub } from "../../hub/home.ts";
import { resolveDeviceTarget, type Target } from "../local/connect-target.ts";
import type { Context } from "../run-program.ts";
import type { ListenOptions } from "./listen-options.ts";

export interface ListenCallbacks {
  /** Connecting begins. A local hub that had to be started first is up. */
  onTarget(hostName: string): void;
  onEvent(event: ListenerEvent): void;
}

/**
 * Resolves once disconnected because `signal` asked for it.
 *
 * @throws ClientError, LocalHubError when it cannot connect, or may not do so again.
 */
export async function keepListening(
  options: ListenOptions,
  callbacks: ListenCallbacks,
  signal: AbortSignal,
  context: Context,
): Promise<void> {
  let hasTarget = false;
  await runDeviceListener({
    signal,
    reconnect: options.isReconnecting,
    onEvent: callbacks.onEvent,
    connect: async (handlers) => {
      const target = await findTarget(options, hasTarget, signal, context);
      hasTarget = true;
      callbacks.onTarget(target.connectionString.hostName);
      return await connect(options, target, handlers);
    },
  });
}

/** Only the first connection starts a local hub: one that somebody has stopped stays stopped. */
async function findTarget(
  { config, connectTimeoutMs }: ListenOptions,
  hasTarget: boolean,
  signal: AbortSignal,
  context: Context,
): Promise<Target<DeviceConnectionString>> {
  const { hub, ca } = config;
  if (hasTarget && hub.type === "local" && (await findRunningHub(hub.home)) === undefined) {
    throw new ClientError("ConnectionRefused", "The local hub is not running.", {
      hint: "Start it again: c2d-hub start, or any command with --local.",
    });
  }
  return await resolveDeviceTarget(hub, { ca, connectTimeoutMs, signal }, context);
}

async function connect(
  { config, connectTimeoutMs, keepAliveSeconds, pollIntervalMs }: ListenOptions,
  { connectionString, ca }: Target<DeviceConnectionString>,
  handlers: ListenerHandlers,
) {
  return await connectDevice({
    connectionString,
    transport: config.transport,
    keepAliveSeconds,
    connectTimeoutMs,
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
    ...(ca !== undefined && { ca }),
    ...(config.certificate && { certificate: config.certificate }),
    ...handlers,
  });
}
