/// <reference lib="es2022.error" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
/** The local hub as others use it, and its start in memory, for tests. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DeviceCredential,
  formatDeviceConnectionString,
  formatEventHubConnectionString,
  formatHubConnectionString,
} from "../core/connection-string.ts";
import { type DeviceIdentity, validateDeviceId } from "../core/device-identity.ts";
import { HUB_OPTION_RANGES, type OptionRange, validateOptions } from "../core/hub-options.ts";
import { EVENT_HUB_NAME } from "../core/resource-path.ts";
import { Secret } from "../core/secret.ts";
import { createInstallation, type Installation } from "./home/installation.ts";
import { type Hub, startHub } from "./hub.ts";
import { trustInThisProcess } from "./listener/process-trust.ts";
import { DEFAULT_HOST, type LocalHubOptions, resolveOptions } from "./local-hub-options.ts";
import type { HubEventListener } from "./model/events.ts";
import { HubStoppedError } from "./runtime/lifetime.ts";
import { createMemoryStore } from "./store/memory-store.ts";

export interface LocalHub extends AsyncDisposable {
  /** `localhost`, or the other address it listens on; with the port unless the standard ones are served. */
  readonly hostName: string;
  /** Each serves every protocol. */
  readonly ports: readonly number[];
  /** The hub's connection string of the policy iothubowner, which has every permission. */
  readonly connectionString: string;
  /** For clients of Event Hubs, to read device-to-cloud messages. */
  readonly eventHubConnectionString: string;
  /** Path of the certificate (PEM) of the authority that clients have to trust; gone after `stop`. */
  readonly caFile: string;
  /**
   * Resolves when the hub has stopped, by `stop` or by its owner's `POST /$c2d/stop`, which does the
   * same and leaves the process alone; rejects when it had to because its store failed.
   */
  readonly stopped: Promise<void>;
  /**
   * The device's connection string; the device is created if it is missing.
   *
   * @throws HubError ArgumentInvalid for an id the registry does not accept; HubStoppedError.
   */
  deviceConnectionString(deviceId: string): string;
  /**
   * Calls the listener for everything that happens in the hub from now on, in order, each once it is
   * durable; never within another call to the hub. The returned function ends the subscription.
   *
   * @throws HubStoppedError
   */
  subscribe(listener: HubEventListener): () => void;
  /**
   * Makes this process trust the hub until it stops: the service SDK has no option for it.
   *
   * @throws HubStoppedError
   */
  trust(): void;
  /** Ends every connection and frees every handle. Idempotent. */
  stop(): Promise<void>;
}

/** What connection strings without a port make SDKs connect to: MQTT and AMQP. */
const PORTS_WITHOUT_MENTION = [8883, 5671] as const;

/**
 * Starts a hub in memory, by default on any free port of loopback: for tests. When it fails, nothing
 * stays open.
 *
 * @throws InvalidOptionError; HubError ArgumentInvalid for a device id that the registry does not
 * accept; PortUnavailable for a port that is taken or not permitted.
 */
export async function startLocalHub(options: LocalHubOptions = {}): Promise<LocalHub> {
  validateOptions(options, HUB_OPTION_RANGES satisfies Record<keyof LocalHubOptions, OptionRange>);
  const resolved = resolveOptions(options);
  for (const deviceId of resolved.devices) validateDeviceId(deviceId);
  const directory = mkdtempSync(join(tmpdir(), "c2d-hub-"));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  let close = async (): Promise<void> => {};
  try {
    const installation = await createInstallation(resolved.clock.nowMs());
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, installation.authority.certificate);
    const hub = await startHub({
      ...resolved,
      installation,
      store: createMemoryStore(),
      ports: [options.port ?? 0],
      onTakenPort: "fail",
      onStopping: removeDirectory,
    });
    close = () => hub.stop();
    return present(hub, installation, { host: resolved.host, caFile });
  } catch (error) {
    await close();
    removeDirectory();
    throw error;
  }
}

/** Addresses, beside those of IPv6, that a hub listens on when `localhost` leads to it. */
const NAMED_LOCALHOST: readonly string[] = [DEFAULT_HOST, "0.0.0.0", "localhost"];

/** A hub that runs, as those who started it see it. */
export function present(
  hub: Hub,
  { authority }: Installation,
  { host, caFile }: { readonly host: string; readonly caFile: string },
): LocalHub {
  const hostName = hostNameOf(host, hub.ports);
  let distrust = (): void => {};
  // Whoever stopped it.
  hub.stopped.finally(() => distrust()).catch(() => {});
  const requireRunning = (): void => {
    if (hub.isStopping) throw new HubStoppedError();
  };
  const deviceConnectionString = (deviceId: string): string => {
    requireRunning();
    validateDeviceId(deviceId);
    // A store that fails ends the hub: `stopped` tells of it.
    hub.registry.ensure(deviceId).catch(() => {});
    const credential = credentialOf(hub.registry.get(deviceId));
    return formatDeviceConnectionString({ hostName, deviceId, credential });
  };
  const stop = async (): Promise<void> => {
    distrust();
    await hub.stop();
  };
  return {
    hostName,
    ports: hub.ports,
    connectionString: formatHubConnectionString({ hostName, ...hub.owner }),
    eventHubConnectionString: formatEventHubConnectionString({
      hostName,
      ...hub.owner,
      entityPath: EVENT_HUB_NAME,
    }),
    caFile,
    stopped: hub.stopped,
    deviceConnectionString,
    subscribe: (listener) => {
      requireRunning();
      return hub.events.subscribe(listener);
    },
    trust: () => {
      requireRunning();
      distrust();
      distrust = trustInThisProcess(authority.certificate);
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function credentialOf({ authentication }: DeviceIdentity): DeviceCredential {
  if (authentication.type !== "sas") return { type: "x509" };
  return { type: "key", sharedAccessKey: new Secret(authentication.primaryKey) };
}

function hostNameOf(host: string, ports: readonly number[]): string {
  const isStandard = PORTS_WITHOUT_MENTION.every((port) => ports.includes(port));
  return isStandard ? nameOf(host) : `${nameOf(host)}:${ports[0]}`;
}

/** What leads to the hub from this machine; host names cannot tell an IPv6 address from a port. */
export function nameOf(host: string): string {
  return NAMED_LOCALHOST.includes(host) || host.includes(":") ? "localhost" : host;
}
