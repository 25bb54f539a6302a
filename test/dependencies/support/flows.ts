/** Runs everything that uses internals of a package, once: against a local hub, over real sockets. */

import { readFileSync } from "node:fs";
import { createDeferred } from "../../../src/async/deferred.ts";
import type { DeviceConnectOptions } from "../../../src/client/connection/device-connection.ts";
import { EventCursor } from "../../../src/client/connection/event-cursor.ts";
import { connectDevice } from "../../../src/client/device/connect-device.ts";
import type { Transport } from "../../../src/client/endpoint.ts";
import { connectEvents } from "../../../src/client/events/connect-events.ts";
import type { ReceivedEvent } from "../../../src/client/events/received-event.ts";
import { RegistryClient } from "../../../src/client/registry/registry-client.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import type { ServiceConnection } from "../../../src/client/service/service-connection.ts";
import {
  parseDeviceConnectionString,
  parseEventHubConnectionString,
  parseHubConnectionString,
  splitHostPort,
} from "../../../src/core/connection-string.ts";
import { type LocalHub, startLocalHub } from "../../../src/hub/local-hub.ts";

const DEVICE = "device1";
const TIMEOUT_MS = 5000;
const MESSAGE = { system: {}, properties: { a: "1" }, body: Buffer.from("x") };

export async function startHub(): Promise<LocalHub> {
  return await startLocalHub({ devices: [DEVICE], feedbackIntervalMs: 0 });
}

/** Each rejects if anything fails. */
export const FLOWS: Readonly<Record<string, (hub: LocalHub) => Promise<void>>> = {
  hub: async () => await (await startHub()).stop(),
  registry: useRegistry,
  service: (hub) => withService(hub, (service) => useService(hub, service)),
  redirection: (hub) => withService(hub, async (service) => void (await service.findEventHub())),
  mqtt: (hub) => useDevice(hub, "mqtt"),
  amqp: (hub) => useDevice(hub, "amqp"),
  http: (hub) => useDevice(hub, "http"),
  events: useEvents,
};

/** Also empties the device's queue. */
async function useRegistry(hub: LocalHub): Promise<void> {
  const registry = new RegistryClient({ ...signInOf(hub), requestTimeoutMs: TIMEOUT_MS });
  try {
    await registry.get(DEVICE);
    await registry.purge(DEVICE);
  } finally {
    registry.close();
  }
}

async function withService(
  hub: LocalHub,
  use: (service: ServiceConnection) => Promise<void>,
): Promise<void> {
  const lost = createDeferred<never>();
  const service = await connectService({
    ...signInOf(hub),
    transport: "amqp",
    connectTimeoutMs: TIMEOUT_MS,
    onDisconnect: lost.reject,
  });
  await Promise.race([use(service), lost.promise]).finally(() => service.close());
}

/** Sends a message, and settles the feedback on it. */
async function useService(hub: LocalHub, service: ServiceConnection): Promise<void> {
  const feedback = createDeferred<void>();
  await service.openFeedback((batch) => {
    batch.complete();
    feedback.resolve();
  });
  await service.send(DEVICE, { ...MESSAGE, system: { ack: "full" } });
  await useRegistry(hub);
  await feedback.promise;
}

/** Receives a message, and closes with an event in flight. */
async function useDevice(hub: LocalHub, transport: Transport): Promise<void> {
  const lost = createDeferred<never>();
  const received = createDeferred<void>();
  const onDelivery: DeviceConnectOptions["onDelivery"] = ({ settle }) => {
    settle("complete").then(received.resolve, received.reject);
  };
  const device = await connectDevice({
    connectionString: parseDeviceConnectionString(hub.deviceConnectionString(DEVICE)),
    transport,
    ca: caOf(hub),
    keepAliveSeconds: 60,
    connectTimeoutMs: TIMEOUT_MS,
    pollIntervalMs: 10,
    isSending: true,
    onDelivery,
    onDisconnect: lost.reject,
  });
  const use = async (): Promise<void> => {
    await device.sendEvent(MESSAGE);
    await sendToDevice(hub);
    await received.promise;
    await device.stopReceiving();
    const underWay = device.sendEvent(MESSAGE).catch((error: unknown) => error);
    await device.close();
    if (isPackageError(await underWay)) throw await underWay;
  };
  await Promise.race([use(), lost.promise]).finally(() => device.close());
}

function isPackageError(error: unknown): boolean {
  return error instanceof Error && error.name === "IncompatiblePackage";
}

/** Not with our own client, which may be the one to fail. */
async function sendToDevice(hub: LocalHub): Promise<void> {
  const sdk = await import("azure-iothub");
  const { Client } = sdk.default;
  hub.trust();
  const client = Client.fromConnectionString(hub.connectionString);
  await client.open();
  await client.send(DEVICE, "x");
  await client.close();
}

async function useEvents(hub: LocalHub): Promise<void> {
  const signIn = parseEventHubConnectionString(hub.eventHubConnectionString);
  const { hostName, entityPath } = signIn;
  const lost = createDeferred<never>();
  const read = createDeferred<ReceivedEvent>();
  const events = await connectEvents({
    address: { ...splitHostPort(hostName), entityPath },
    signIn,
    ca: caOf(hub),
    consumerGroup: "$Default",
    transport: "amqp",
    connectTimeoutMs: TIMEOUT_MS,
    cursor: new EventCursor({ type: "enqueuedTime", sinceMs: 0 }),
    onEvent: async (event) => read.resolve(event),
    onDisconnect: lost.reject,
  });
  await Promise.race([read.promise, lost.promise]).finally(() => events.close());
}

function signInOf(hub: LocalHub) {
  return { signIn: parseHubConnectionString(hub.connectionString), ca: caOf(hub) };
}

function caOf({ caFile }: LocalHub): string {
  return readFileSync(caFile, "utf8");
}
