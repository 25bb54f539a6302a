/** One of each kind of client that uses port 443, for a hub that it knows by a name beyond loopback. */

import { readFileSync } from "node:fs";
import { EventCursor } from "../../../src/client/connection/event-cursor.ts";
import { connectEvents } from "../../../src/client/events/connect-events.ts";
import { RegistryClient } from "../../../src/client/registry/registry-client.ts";
import { connectService } from "../../../src/client/service/connect-service.ts";
import {
  parseEventHubConnectionString,
  parseHubConnectionString,
} from "../../../src/core/connection-string.ts";
import type { LocalHub } from "../../../src/hub/local-hub.ts";
import { connectListening } from "./listening-device.ts";

export const HOST = "hub.example";

export interface ClientOptions {
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Of the hub; default: HOST alone. */
  readonly hostName?: string;
  readonly ca?: string;
}

/** Connects, lets the hub respond, and disconnects. */
type Use = (hub: LocalHub, options?: ClientOptions) => Promise<void>;

export const PROXIED_CLIENTS: readonly (readonly [string, Use])[] = [
  ["a device over mqtt-ws", device("mqtt-ws")],
  ["a device over amqp-ws", device("amqp-ws")],
  ["a device over http", device("http")],
  ["a service over amqp-ws", service("amqp-ws")],
  ["the registry", registry],
  ["a reader of events over amqp-ws", events("amqp-ws")],
];

export const DIRECT_CLIENTS: readonly (readonly [string, string, Use])[] = [
  ["a device over mqtt", "mqtt", device("mqtt")],
  ["a device over amqp", "amqp", device("amqp")],
  ["a service over amqp", "amqp", service("amqp")],
  ["a reader of events over amqp", "amqp", events("amqp")],
];

function device(transport: "mqtt" | "mqtt-ws" | "amqp" | "amqp-ws" | "http"): Use {
  return async (hub, options) => {
    const target = {
      connectionString: renamed(hub.deviceConnectionString("device1"), hub, options),
      ca: caOf(hub, options),
    };
    const { connection } = await connectListening(target, { transport, ...limits(options) });
    await connection.close();
  };
}

function service(transport: "amqp" | "amqp-ws"): Use {
  return async (hub, options) => {
    const connection = await connectService({
      signIn: parseHubConnectionString(renamed(hub.connectionString, hub, options)),
      transport,
      ca: caOf(hub, options),
      onDisconnect: () => {},
      ...limits(options),
    });
    await connection.send("device1", { system: {}, properties: {}, body: Buffer.from("body") });
    await connection.close();
  };
}

async function registry(hub: LocalHub, options: ClientOptions = {}): Promise<void> {
  const { connectTimeoutMs: requestTimeoutMs, signal } = limits(options);
  const client = new RegistryClient({
    signIn: parseHubConnectionString(renamed(hub.connectionString, hub, options)),
    ca: caOf(hub, options),
    requestTimeoutMs,
    signal,
  });
  try {
    await client.get("device1");
  } finally {
    client.close();
  }
}

function events(transport: "amqp" | "amqp-ws"): Use {
  return async (hub, options) => {
    const text = renamed(hub.eventHubConnectionString, hub, options);
    const signIn = parseEventHubConnectionString(text);
    const [host = "", port] = signIn.hostName.split(":");
    const connection = await connectEvents({
      address: {
        host,
        port: port === undefined ? undefined : Number(port),
        entityPath: signIn.entityPath,
      },
      signIn,
      consumerGroup: "$Default",
      transport,
      ca: caOf(hub, options),
      cursor: new EventCursor({ type: "latest" }),
      onEvent: async () => {},
      onDisconnect: () => {},
      ...limits(options),
    });
    await connection.close();
  };
}

function renamed(connectionString: string, hub: LocalHub, options: ClientOptions = {}): string {
  return connectionString.replace(hub.hostName, options.hostName ?? HOST);
}

function limits({ connectTimeoutMs = 20_000, signal }: ClientOptions = {}) {
  return { connectTimeoutMs, signal };
}

function caOf(hub: LocalHub, { ca }: ClientOptions = {}): string {
  return ca ?? readFileSync(hub.caFile, "utf8");
}
