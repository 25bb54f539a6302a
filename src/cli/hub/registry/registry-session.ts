import { RegistryClient } from "../../../client/registry/registry-client.ts";
import type { HubConfig } from "../../../config/hub-config.ts";
import { describeHub, resolveServiceTarget } from "../../local/connect-target.ts";
import { whileConnecting } from "../../local/connecting.ts";
import { diagnoseHungHub } from "../../local/hung-hub.ts";
import { requireHub } from "../../local/require-hub.ts";
import type { Context } from "../../program/run-program.ts";

export type RegistryCalls = Omit<RegistryClient, "close">;

export interface RegistrySession {
  readonly registry: RegistryCalls;
  readonly hub: DeviceFacingHub;
}

/** The hub as named in device connection strings. */
export interface DeviceFacingHub {
  /** With a port only if the hub is not on the standard ports. */
  readonly hostName: string;
  /** Of a local hub: devices must trust it in addition to the public ones. */
  readonly caFile?: string;
}

/** @throws ClientError, LocalHubError */
export async function withRegistry<T>(
  config: HubConfig,
  connectTimeoutMs: number,
  context: Context,
  act: (session: RegistrySession) => Promise<T>,
): Promise<T> {
  const { signal } = context.interruption;
  const { hub, ca } = config;
  const target = await resolveServiceTarget(hub, [], { ca, connectTimeoutMs, signal }, context);
  const { hostName } = target.connectionString;
  context.reporter.info(describeHub(hostName, hub));
  const client = new RegistryClient({
    signIn: target.connectionString,
    requestTimeoutMs: connectTimeoutMs,
    signal,
    ca: target.ca,
  });
  try {
    const facing =
      hub.type === "local"
        ? await requireHub(hub.home, { timeoutMs: connectTimeoutMs })
        : { hostName };
    const registry = showWaiting(client, hostName, context);
    return await diagnoseHungHub(hostName, context, () => act({ registry, hub: facing }));
  } finally {
    client.close();
  }
}

function showWaiting(client: RegistryClient, hostName: string, context: Context): RegistryCalls {
  const wait = <T>(ask: () => Promise<T>): Promise<T> => whileConnecting(hostName, context, ask);
  return {
    create: (deviceId, request) => wait(() => client.create(deviceId, request)),
    get: (deviceId) => wait(() => client.get(deviceId)),
    update: (deviceId, change) => wait(() => client.update(deviceId, change)),
    list: () => wait(() => client.list()),
    delete: (deviceId) => wait(() => client.delete(deviceId)),
    purge: (deviceId) => wait(() => client.purge(deviceId)),
  };
}
