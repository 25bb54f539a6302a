/** The composition root. */

import type { Duplex } from "node:stream";
import type { HubConnectionString } from "../core/connection-string.ts";
import { OWNER_POLICY } from "../core/device-identity.ts";
import { LOG_LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { serveAmqp } from "./amqp/connection.ts";
import { checkRhea } from "./amqp/rhea/check-rhea.ts";
import type { Installation } from "./home/installation.ts";
import { hostNameOf } from "./host-name.ts";
import type { RouteServices } from "./https/route.ts";
import { createHttpsServer } from "./https/server.ts";
import { issueServerCertificate } from "./listener/certificates.ts";
import type { IncomingConnection } from "./listener/incoming-connection.ts";
import { openProtocolListener, type ProtocolListener } from "./listener/protocol-listener.ts";
import { acceptWebSockets } from "./listener/web-socket.ts";
import type { CloudToDevice } from "./model/cloud-to-device.ts";
import type { HubEventStream } from "./model/events.ts";
import type { Registry } from "./model/identity-registry.ts";
import { serveMqtt } from "./mqtt/connection.ts";
import { openPageListener, type PageListener } from "./page/page-listener.ts";
import { IdleWatch, Lifetime } from "./runtime/lifetime.ts";
import { createServices, type HubServices, type ServicesOptions } from "./services.ts";
import type { Store } from "./store/store.ts";

export interface HubOptions
  extends Omit<ServicesOptions, "logLimits" | "onStoreFailure" | "policies"> {
  readonly installation: Installation;
  /** The hub closes it when it stops. */
  readonly store: Store;
  readonly host: string;
  readonly ports: readonly number[];
  readonly onTakenPort: "fail" | "skip";
  /** Created if missing, before any client can connect. */
  readonly devices: readonly string[];
  /** Besides `localhost`, `hub.localhost` and the loopback addresses. */
  readonly hostNames: readonly string[];
  readonly idleExitMs?: number;
  /** Without it, the hub has no page. */
  readonly page?: HubPageOptions;
  /** Called before the hub stops, for any reason. */
  onStopping?(): void;
}

export interface HubPageOptions {
  readonly key: string;
  /** The first that is free; 0 for any free one. */
  readonly ports: readonly number[];
  readonly isReachedWithLocal: boolean;
}

export interface Hub {
  readonly ports: readonly number[];
  readonly page: Omit<PageListener, "close"> | undefined;
  readonly events: HubEventStream;
  readonly registry: Registry;
  readonly cloudToDevice: CloudToDevice;
  readonly owner: Pick<HubConnectionString, "sharedAccessKeyName" | "sharedAccessKey">;
  readonly stopped: Promise<void>;
  readonly isStopping: boolean;
  stop(): Promise<void>;
}

const LOOPBACK_NAMES = ["localhost", "hub.localhost", "127.0.0.1", "::1"] as const;

/** @throws PortUnavailable, StoreError, IncompatiblePackage; the store is closed then. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const lifetime = new Lifetime();
  const services = await createServices({
    ...options,
    hostNames: hostNamesOf(options),
    logLimits: LOG_LIMITS,
    policies: options.installation.policies,
    onStoreFailure: (error) => lifetime.fail(error),
  });
  const idle = new IdleWatch(options.clock, options.idleExitMs, () => void lifetime.stop());
  // A request may arrive on one port while the next is still being opened.
  const stopHub = (): void => {
    opening.then(() => lifetime.stop()).catch(() => {});
  };
  const open = async () => {
    await Promise.all(options.devices.map((deviceId) => services.registry.ensure(deviceId)));
    services.openConnections.watch((clients) => idle.update(clients));
    const listener = await openListener(options, { ...services, stopHub });
    const page = await openPage(options, services, listener).catch(async (error: unknown) => {
      await listener.close();
      throw error;
    });
    lifetime.onStop(
      () => options.onStopping?.(),
      () => idle.stop(),
      () => page?.close(),
      () => listener.close(),
      () => services.scheduler.stop(),
      () => services.activity.flush(),
      () => options.store.close(),
    );
    idle.start();
    return { listener, page };
  };
  const opening = open();
  const { listener, page } = await opening.catch(async (error: unknown) => {
    services.scheduler.stop();
    await options.store.close();
    throw error;
  });
  return {
    ports: listener.ports,
    page,
    events: services.events,
    registry: services.registry,
    cloudToDevice: services.cloudToDevice,
    owner: ownerOf(options.installation),
    stopped: lifetime.stopped,
    get isStopping() {
      return lifetime.isStopping;
    },
    stop: () => lifetime.stop(),
  };
}

async function openListener(
  options: HubOptions,
  services: HubServices & Pick<RouteServices, "stopHub">,
): Promise<ProtocolListener> {
  checkRhea();
  const { authority } = options.installation;
  const nowMs = options.clock.nowMs();
  const streams = {
    serveMqtt: (stream: Duplex, from: IncomingConnection) => serveMqtt(stream, services, from),
    serveAmqp: (stream: Duplex, from: IncomingConnection) => serveAmqp(stream, services, from),
  };
  const http = createHttpsServer(services);
  acceptWebSockets(http, { ...streams, ...services });
  return openProtocolListener({
    ...streams,
    http,
    host: options.host,
    ports: options.ports,
    onTaken: options.onTakenPort,
    handshakes: services.handshakes,
    certificate: issueServerCertificate(authority, hostNamesOf(options), nowMs),
    openConnections: services.openConnections,
  });
}

async function openPage(
  { host, page, settings }: HubOptions,
  services: HubServices,
  { ports }: ProtocolListener,
): Promise<PageListener | undefined> {
  if (page === undefined) return undefined;
  return await openPageListener({
    ...page,
    services,
    hostName: hostNameOf(host, ports),
    queueDepth: settings.queueDepth,
  });
}

function hostNamesOf({ hostNames, host }: HubOptions): string[] {
  return [...new Set([...LOOPBACK_NAMES, host, ...hostNames])];
}

function ownerOf({ policies }: Installation): Hub["owner"] {
  const owner = policies.find(({ name }) => name === OWNER_POLICY);
  if (owner === undefined) throw new Error(`The installation has no policy ${OWNER_POLICY}.`);
  return { sharedAccessKeyName: owner.name, sharedAccessKey: new Secret(owner.primaryKey) };
}
