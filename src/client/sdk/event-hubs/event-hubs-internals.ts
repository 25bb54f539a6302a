import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { PackagePath } from "../../../dependencies/incompatible-package.ts";
import {
  type InternalsOf,
  internals,
  maybe,
  method,
  nullable,
  number,
  object,
  text,
} from "../../../dependencies/internals.ts";
import type { AmqpMessage } from "../../connection/amqp-values.ts";

const EVENT_HUBS: PackagePath = ["@azure/event-hubs"];
const RHEA_PROMISE: PackagePath = [...EVENT_HUBS, "rhea-promise"];
const RHEA: PackagePath = [...RHEA_PROMISE, "rhea"];

interface RheaLinkContext {
  readonly receiver?: { readonly error?: Error };
  readonly session?: { readonly error?: Error };
  readonly message?: AmqpMessage;
}

export type RheaListener = (context: RheaLinkContext) => void;

export const RECEIVER_OPTIONS = internals(EVENT_HUBS, "options of createReceiver", {
  source: { address: text },
  onMessage: method<RheaListener>(),
  onError: method<RheaListener>(),
  onClose: method<RheaListener>(),
  onSessionError: method<RheaListener>(),
  onSessionClose: method<RheaListener>(),
});

export type ReceiverOptions = InternalsOf<typeof RECEIVER_OPTIONS>;

export const RECEIVER = internals(RHEA_PROMISE, "Receiver", {
  /** Granted by the hub; without address if it is about to refuse the link. */
  source: nullable(object()),
  credit: number,
  addCredit: method<(count: number) => void>(),
});

export type RheaReceiver = InternalsOf<typeof RECEIVER>;

interface RheaConnectionContext {
  readonly error?: Error | { readonly error?: unknown };
  readonly connection?: { readonly error?: Error };
}

type OnEnd = (
  event: "connection_close" | "disconnected",
  listener: (context: RheaConnectionContext) => void,
) => void;

const socket = { on: method<(event: "error", listener: () => void) => void>() };

const RHEA_CONNECTION = internals(RHEA, "Connection", {
  options: object<{ ca?: string[]; servername?: string; tcp_no_delay?: boolean }>(),
  local: { open: { idle_time_out: number } },
  abort_socket: method<(socket: object) => void>(),
  socket: maybe(socket),
});

const CONNECTION = internals(RHEA_PROMISE, "Connection", {
  _connection: RHEA_CONNECTION,
  on: method<OnEnd>(),
  createReceiver: method<(options: ReceiverOptions) => Promise<RheaReceiver>>(),
});

export type EventHubsConnection = InternalsOf<typeof CONNECTION>;

const authLoop = { stop: method<() => void>() };

const CLIENT = internals(EVENT_HUBS, "EventHubConsumerClient", {
  _context: internals(EVENT_HUBS, "ConnectionContext", {
    connection: CONNECTION,
    managementSession: { authLoop: maybe(authLoop) },
  }),
});

/** Set once the hub has responded. */
const CONNECTED = internals(RHEA, "Connection", { socket });
const SIGNED_IN = internals(EVENT_HUBS, "ManagementClient", { authLoop });

/**
 * The client creates another connection when this is lost.
 *
 * @throws IncompatiblePackage
 */
export function contextOf(client: EventHubConsumerClient) {
  return CLIENT.of(client)._context;
}

/**
 * Call once the hub has responded; the members do not exist before.
 *
 * @throws IncompatiblePackage
 */
export function checkConnected(
  client: EventHubConsumerClient,
  { _connection }: EventHubsConnection,
): void {
  CONNECTED.of(_connection);
  SIGNED_IN.of(contextOf(client).managementSession);
}

export function changedEvent() {
  return CLIENT.fault(".subscribe", "does not pass on the annotations of an event unchanged");
}
