/** The composition root: puts a hub together, starts it and stops it. */

import type { Duplex } from "node:stream";
import type { HubConnectionString } from "../core/connection-string.ts";
import { OWNER_POLICY } from "../core/device-identity.ts";
import { type CloudToDeviceSettings, LOG_LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { serveAmqp } from "./amqp/connection.ts";
import type { Installation } from "./home/installation.ts";
import { createHttpsServer } from "./https/server.ts";
import { type FrontDoor, openFrontDoor } from "./listener/front-door.ts";
import { HandshakeLog } from "./listener/handshakes.ts";
import type { IncomingConnection } from "./listener/incoming-connection.ts";
import { issueServerCertificate } from "./listener/tls.ts";
import { acceptWebSockets } from "./listener/web-socket.ts";
import { AccessControl } from "./model/access-control.ts";
import { CloudToDevice } from "./model/cloud-to-device.ts";
import { DeviceConnections } from "./model/connections.ts";
import { DeviceActivityLog } from "./model/device-activity.ts";
import { DeviceAuthorities } from "./model/device-authorities.ts";
import { DeviceToCloud } from "./model/device-to-cloud.ts";
import { HubEventStream } from "./model/events.ts";
import { FeedbackQueue } from "./model/feedback-queue.ts";
import { Registry } from "./model/registry.ts";
import { SubscriptionStore } from "./model/subscriptions.ts";
import { serveMqtt } from "./mqtt/session.ts";
import type { Clock } from "./runtime/clock.ts";
import { IdleWatch, Lifetime } from "./runtime/lifetime.ts";
import { Scheduler } from "./runtime/scheduler.ts";
import { guardStore } from "./store/guard-store.ts";
import { loadHubState } from "./store/records.ts";
import type { Store } from "./store/store.ts";

export interface HubOptions {
  readonly installation: Installation;
  /** The hub closes it when it stops. */
  readonly store: Store;
  readonly host: string;
  readonly ports: readonly number[];
  readonly onTakenPort: "fail" | "skip";
  /** Devices to create where they are missing, before anybody can connect. */
  readonly devices: readonly string[];
  /** Further names it answers to, beside `localhost`, `hub.localhost` and the loopback addresses. */
  readonly hostNames: readonly string[];
  /** Certificates (PEM) of the authorities whose devices may sign in with theirs. */
  readonly deviceAuthorities: readonly string[];
  readonly settings: CloudToDeviceSettings;
  /** Consumer groups of the event hub, beside `$Default`. */
  readonly consumerGroups: readonly string[];
  readonly clock: Clock;
  /** Stops once no client has been connected for so long, in milliseconds. */
  readonly idleExitMs?: number;
  /** Called before anything ends, whoever wants the end. */
  onStopping?(): void;
}

/** A running hub. */
export interface Hub {
  readonly ports: readonly number[];
  readonly events: HubEventStream;
  readonly registry: Registry;
  /** The owner's policy, for connection strings. */
  readonly owner: Pick<HubConnectionString, "sharedAccessKeyName" | "sharedAccessKey">;
  /** Resolves when it has stopped; rejects when its store failed. */
  readonly stopped: Promise<void>;
  readonly isStopping: boolean;
  /** Ends every connection and frees every handle. Idempotent. */
  stop(): Promise<void>;
}

/** Names and addresses a hub on this machine has without being given any. */
export const LOOPBACK_NAMES = ["localhost", "hub.localhost", "127.0.0.1", "::1"] as const;

/**
 * Starts a hub.
 *
 * @throws PortUnavailable for a port it cannot have; StoreError. The store is closed then.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const lifetime = new Lifetime();
  const parts = await assemble(options, (error) => lifetime.fail(error));
  const idle = new IdleWatch(options.clock, options.idleExitMs, () => void lifetime.stop());
  const open = async (): Promise<FrontDoor> => {
    await Promise.all(options.devices.map((deviceId) => parts.registry.ensure(deviceId)));
    return await openDoor(options, parts, idle);
  };
  const door = await open().catch(async (error: unknown) => {
    parts.scheduler.stop();
    await options.store.close();
    throw error;
  });
  lifetime.onStop(
    () => options.onStopping?.(),
    () => idle.stop(),
    () => door.close(),
    () => parts.scheduler.stop(),
    () => parts.activity.flush(),
    () => options.store.close(),
  );
  idle.start();
  return {
    ports: door.ports,
    events: parts.events,
    registry: parts.registry,
    owner: ownerOf(options.installation),
    stopped: lifetime.stopped,
    get isStopping() {
      return lifetime.isStopping;
    },
    stop: () => lifetime.stop(),
  };
}

type Parts = Awaited<ReturnType<typeof assemble>>;

async function assemble(options: HubOptions, onStoreFailure: (error: unknown) => void) {
  const { clock, settings, installation } = options;
  const state = await loadHubState(options.store);
  const store = guardStore(options.store, onStoreFailure);
  const events = new HubEventStream(store);
  const scheduler = new Scheduler(clock);
  const connections = new DeviceConnections(events);
  const registry = new Registry({ store, clock, connections, devices: state.devices });
  const shared = { settings, clock, scheduler, store, events };
  const activity = new DeviceActivityLog({ ...shared, times: state.activity });
  registry.onDeleted((deviceId) => activity.forget(deviceId));
  const feedback = new FeedbackQueue({ ...shared, state });
  const cloudToDevice = new CloudToDevice({ ...shared, registry, feedback, queues: state.queues });
  const deviceToCloud = new DeviceToCloud({
    limits: LOG_LIMITS,
    consumerGroups: options.consumerGroups,
    clock,
    scheduler,
    store,
    events,
    registry,
    logs: state.eventLogs,
  });
  const hostNames = hostNamesOf(options);
  return {
    access: new AccessControl({
      hostNames,
      policies: installation.policies,
      authorities: new DeviceAuthorities(options.deviceAuthorities),
      registry,
      clock,
    }),
    activity,
    clock,
    cloudToDevice,
    connections,
    deviceToCloud,
    events,
    feedback,
    handshakes: new HandshakeLog(events, clock),
    hubName: hostNames[0] ?? "localhost",
    registry,
    scheduler,
    store,
    subscriptions: new SubscriptionStore(store, registry, state.subscriptions),
  };
}

async function openDoor(options: HubOptions, parts: Parts, idle: IdleWatch): Promise<FrontDoor> {
  const { authority } = options.installation;
  const nowMs = options.clock.nowMs();
  const streams = {
    serveMqtt: (stream: Duplex, from: IncomingConnection) => serveMqtt(stream, parts, from),
    serveAmqp: (stream: Duplex, from: IncomingConnection) => serveAmqp(stream, parts, from),
  };
  const http = createHttpsServer(parts);
  acceptWebSockets(http, { ...streams, events: parts.events });
  return openFrontDoor({
    ...streams,
    http,
    host: options.host,
    ports: options.ports,
    onTaken: options.onTakenPort,
    handshakes: parts.handshakes,
    certificate: await issueServerCertificate(authority, hostNamesOf(options), nowMs),
    onConnections: (count) => idle.update(count),
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
