/** Resolves the event hub to read from: configured directly, or found through the IoT hub. */

import type { EventHubAddress } from "../../../client/connection/event-hub-address.ts";
import type { EventSignIn } from "../../../client/sdk/event-hubs/event-hubs-client.ts";
import { connectService } from "../../../client/service/connect-service.ts";
import type { EventHub, EventsConfig } from "../../../config/hub-config.ts";
import type { ServiceHub } from "../../../config/service-hub.ts";
import { splitHostPort } from "../../../core/connection-string.ts";
import { describeHub, resolveServiceTarget } from "../../local/connect-target.ts";
import { whileConnecting } from "../../local/connecting.ts";
import type { HubFollower } from "../../local/hub-follower.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";

export interface EventSource {
  /** Of the IoT hub, or of the event hub if configured directly. */
  readonly hostName: string;
  readonly address: EventHubAddress;
  readonly signIn: EventSignIn;
  /** Extra CA certificates (PEM). */
  readonly ca?: string | undefined;
}

export interface SourceOptions {
  readonly signal: AbortSignal;
  remainingMs(): number;
  readonly follower: HubFollower | undefined;
  onTarget(banner: string): void;
}

/**
 * Resolved again at each call: a restarted local hub may have other ports.
 *
 * @throws LocalHubError, ClientError
 */
export async function findEventSource(
  config: EventsConfig,
  options: SourceOptions,
  context: Context,
): Promise<EventSource> {
  const { hub, ca } = config;
  if (hub.type !== "eventHub") return await askHub(hub, config, options, context);
  options.onTarget(describeEventHub(hub));
  const { hostName, entityPath } = hub.connectionString;
  return {
    hostName,
    address: { ...splitHostPort(hostName), entityPath },
    signIn: hub.connectionString,
    ca,
  };
}

async function askHub(
  hub: ServiceHub,
  { transport, ca }: EventsConfig,
  { signal, remainingMs, follower, onTarget }: SourceOptions,
  context: Context,
): Promise<EventSource> {
  const target = await resolveServiceTarget(
    hub,
    [],
    { ca, connectTimeoutMs: remainingMs(), signal, follower },
    context,
  );
  onTarget(describeHub(target.connectionString.hostName, hub));
  const { hostName } = target.connectionString;
  const address = await whileConnecting(hostName, context, async () => {
    const connection = await connectService({
      signIn: target.connectionString,
      transport,
      connectTimeoutMs: remainingMs(),
      signal,
      ca: target.ca,
      // The pending request fails with the reason.
      onDisconnect: () => {},
    });
    try {
      return await connection.findEventHub();
    } finally {
      await connection.close();
    }
  });
  const { port } = splitHostPort(hostName);
  return {
    hostName,
    // The hub returns its AMQP port; WebSocket uses the port of the hub's own host name.
    address: transport === "amqp-ws" ? { ...address, port } : address,
    signIn: target.connectionString,
    ca: target.ca,
  };
}

function describeEventHub({ connectionString, from }: EventHub): string {
  const { hostName, entityPath } = connectionString;
  return `Event hub: ${escapeLine(entityPath)} at ${escapeLine(hostName)} (${from})`;
}
