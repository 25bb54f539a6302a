/// <reference lib="es2022.error" preserve="true" />
/// <reference lib="esnext.disposable" preserve="true" />
/** The local hub as others start and use it: in memory for tests, or at home in a directory. */

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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
import { type CloudToDeviceSettings, LOCAL_DEFAULTS } from "../core/limits.ts";
import { EVENT_HUB_NAME } from "../core/resource-path.ts";
import { Secret } from "../core/secret.ts";
import {
  createHome,
  type HomePaths,
  type HubDescription,
  homePaths,
  readHomeFile,
  removeHubDescription,
  writeHubDescription,
  writeOwnerFile,
  writePublicFile,
} from "./home/home.ts";
import { homeDamaged } from "./home/home-error.ts";
import { createInstallation, type Installation, parseInstallation } from "./home/installation.ts";
import { type Hub, type HubOptions, startHub } from "./hub.ts";
import { trustInThisProcess } from "./listener/tls.ts";
import type { HubEventListener } from "./model/events.ts";
import { type Clock, systemClock } from "./runtime/clock.ts";
import { HubStoppedError } from "./runtime/lifetime.ts";
import { openLevelStore } from "./store/level-store.ts";
import { createMemoryStore } from "./store/memory-store.ts";
import { acquireOwnership } from "./store/ownership.ts";
import type { Store } from "./store/store.ts";

/**
 * Every option has a default. Durations are whole milliseconds, from 1 ms to 36,500 days. An unknown
 * option, or a value out of range, is refused with InvalidOptionError.
 */
export interface LocalHubOptions {
  /** Ids of devices to create. */
  readonly devices?: readonly string[];
  /** 0 to 65535. Default 0: any free port. */
  readonly port?: number;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string;
  /** Further names the hub answers to; they stand in its certificate. */
  readonly hostNames?: readonly string[];
  /** Time to live of a message without an expiry. Default 1 hour. */
  readonly defaultTtlMs?: number;
  /** Abandons after which a message is dead-lettered, 1 or more. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Time a device has to settle a message before it is delivered again. Default 60 s. */
  readonly lockTimeoutMs?: number;
  /** Messages that one device may have queued, 1 or more. Default 50. */
  readonly queueDepth?: number;
  /** Time for which feedback records are gathered into a batch, from 0. Default 1 s; 15 s on Azure. */
  readonly feedbackIntervalMs?: number;
  /** Certificates (PEM) of the authorities whose devices may sign in with theirs. */
  readonly deviceAuthorities?: readonly string[];
  /** Consumer groups of the event hub, beside `$Default`. */
  readonly consumerGroups?: readonly string[];
  /** Default: the machine's own. A `ManualClock` moves only when told to. */
  readonly clock?: Clock;
}

export interface HomeHubOptions extends Omit<LocalHubOptions, "port"> {
  readonly directory: string;
  /** Default 8883, 5671 and 443 (8443 where binding port 443 needs privileges). */
  readonly ports?: readonly number[];
  readonly onTakenPort?: "fail" | "skip";
  /** Keeps keys, registry and queues in memory; the directory is owned all the same. */
  readonly isInMemory?: boolean;
  /** Said in `hub.json`: nobody minds this hub but those who use it. */
  readonly isBackground?: boolean;
  readonly idleExitMs?: number;
  /** Gives up the start; a hub that has started is stopped by `stop`. */
  readonly signal?: AbortSignal;
}

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
  /** Resolves when the hub has stopped; rejects when it had to because its store failed. */
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

export const STANDARD_PORTS = [8883, 5671, 443] as const;

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
  const { clock = systemClock, port = 0, devices = [] } = options;
  for (const deviceId of devices) validateDeviceId(deviceId);
  const directory = mkdtempSync(join(tmpdir(), "c2d-hub-"));
  const removeDirectory = (): void => rmSync(directory, { recursive: true, force: true });
  let close = async (): Promise<void> => {};
  try {
    const installation = await createInstallation(clock.nowMs());
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, installation.authority.certificate);
    const hub = await startHub({
      ...hubOptions(options),
      installation,
      store: createMemoryStore(),
      ports: [port],
      onTakenPort: "fail",
      onStopping: removeDirectory,
    });
    close = () => hub.stop();
    return present(hub, installation, { ...options, caFile });
  } catch (error) {
    await close();
    removeDirectory();
    throw error;
  }
}

/**
 * Starts the hub of a home directory and makes it known in `hub.json`.
 *
 * @throws HomeError; StoreError when another process has the directory, or its store cannot be read;
 * PortUnavailable; AbortError once `signal` is aborted. Whatever it throws, nothing stays open.
 */
export async function startHomeHub(options: HomeHubOptions): Promise<LocalHub> {
  for (const deviceId of options.devices ?? []) validateDeviceId(deviceId);
  options.signal?.throwIfAborted();
  const paths = createHome(options.directory);
  const store = options.isInMemory
    ? await openOwnedMemoryStore(paths.storeDirectory)
    : await openLevelStore(paths.storeDirectory);
  return await startWithStore(store, paths, options);
}

async function startWithStore(
  store: Store,
  paths: HomePaths,
  options: HomeHubOptions,
): Promise<LocalHub> {
  const { clock = systemClock, signal } = options;
  let close = (): Promise<void> => store.close();
  try {
    signal?.throwIfAborted();
    // Nobody else runs for this directory now: one that is there is stale.
    removeHubDescription(paths);
    const installation = await keepInstallation(paths, clock);
    const hub = await startHub({
      ...hubOptions(options),
      installation,
      store,
      ports: options.ports ?? STANDARD_PORTS,
      onTakenPort: options.onTakenPort ?? "fail",
      ...(options.idleExitMs !== undefined && { idleExitMs: options.idleExitMs }),
      onStopping: () => removeHubDescription(paths),
    });
    close = () => hub.stop();
    signal?.throwIfAborted();
    const local = present(hub, installation, { ...options, ...paths });
    writeHubDescription(paths, {
      ...describe(local, options.host ?? DEFAULT_HOST),
      lockTimeoutMs: settingsOf(options).lockTimeoutMs,
      isBackground: options.isBackground === true,
    });
    return local;
  } catch (error) {
    await close();
    throw error;
  }
}

const DEFAULT_HOST = "127.0.0.1";

/** Addresses, beside those of IPv6, that a hub listens on when `localhost` leads to it. */
const NAMED_LOCALHOST: readonly string[] = [DEFAULT_HOST, "0.0.0.0", "localhost"];

function hubOptions(options: LocalHubOptions) {
  const { host = DEFAULT_HOST, hostNames = [], clock = systemClock } = options;
  const { consumerGroups = [], deviceAuthorities = [], devices = [] } = options;
  const settings = settingsOf(options);
  return {
    host,
    hostNames,
    deviceAuthorities,
    devices,
    consumerGroups,
    clock,
    settings,
  } satisfies Partial<HubOptions>;
}

function settingsOf(options: LocalHubOptions): CloudToDeviceSettings {
  const { feedback } = LOCAL_DEFAULTS;
  return {
    defaultTtlMs: options.defaultTtlMs ?? LOCAL_DEFAULTS.defaultTtlMs,
    maxDeliveryCount: options.maxDeliveryCount ?? LOCAL_DEFAULTS.maxDeliveryCount,
    lockTimeoutMs: options.lockTimeoutMs ?? LOCAL_DEFAULTS.lockTimeoutMs,
    queueDepth: options.queueDepth ?? LOCAL_DEFAULTS.queueDepth,
    feedback: { ...feedback, intervalMs: options.feedbackIntervalMs ?? feedback.intervalMs },
  };
}

function present(
  hub: Hub,
  { authority }: Installation,
  { host = DEFAULT_HOST, caFile }: { readonly host?: string; readonly caFile: string },
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
function nameOf(host: string): string {
  return NAMED_LOCALHOST.includes(host) || host.includes(":") ? "localhost" : host;
}

function describe(hub: LocalHub, host: string): HubDescription {
  const { hostName, ports, caFile, connectionString, eventHubConnectionString } = hub;
  const endpoint = `${nameOf(host)}:${ports[0]}`;
  return {
    hostName,
    endpoint,
    host,
    ports,
    pid: process.pid,
    caFile,
    connectionString,
    eventHubConnectionString,
  };
}

/** The installation of a home directory, made at the first start. */
async function keepInstallation(paths: HomePaths, clock: Clock): Promise<Installation> {
  const { installationFile, caFile } = homePaths(paths.directory);
  if (!existsSync(installationFile)) {
    const created = await createInstallation(clock.nowMs());
    writeOwnerFile(installationFile, `${JSON.stringify(created, null, 2)}\n`);
  }
  const installation = readInstallation(installationFile);
  writePublicFile(caFile, installation.authority.certificate);
  return installation;
}

function readInstallation(path: string): Installation {
  const text = readHomeFile(path);
  try {
    return parseInstallation(text);
  } catch (error) {
    throw homeDamaged(path, error instanceof Error ? error.message : String(error));
  }
}

/** A hub in memory owns its directory as any other does. */
async function openOwnedMemoryStore(directory: string): Promise<Store> {
  const ownership = await acquireOwnership(directory);
  return { ...createMemoryStore(), close: () => ownership.release() };
}
