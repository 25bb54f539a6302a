/** What we touch inside @azure/event-hubs and the rhea-promise connection under it. */

import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { AmqpMessage } from "../../connection/amqp-values.ts";

interface RheaLinkContext {
  readonly receiver?: { readonly error?: Error };
  readonly session?: { readonly error?: Error };
  readonly message?: AmqpMessage;
}

export type RheaListener = (context: RheaLinkContext) => void;

export interface ReceiverOptions {
  readonly source: { readonly address: string };
  readonly onMessage: RheaListener;
  readonly onError: RheaListener;
  readonly onClose: RheaListener;
  readonly onSessionError: RheaListener;
  readonly onSessionClose: RheaListener;
}

export interface RheaReceiver {
  /** What the hub granted; without address when it refuses the link and says why in a moment. */
  readonly source: object | undefined;
  /** Events the hub may send still. */
  readonly credit: number;
  addCredit(count: number): void;
}

interface RheaConnectionContext {
  readonly error?: Error | { readonly error?: unknown };
  readonly connection?: { readonly error?: Error };
}

/** rhea-promise's, which wraps rhea's. */
export interface EventHubsConnection {
  readonly options: { ca?: string[]; servername?: string; tcp_no_delay?: boolean };
  readonly _connection: {
    readonly socket?: { on?(event: "error", listener: () => void): void };
    readonly local: { readonly open: { idle_time_out?: number } };
    abort_socket(socket: unknown): void;
  };
  on(
    event: "connection_close" | "disconnected",
    listener: (context: RheaConnectionContext) => void,
  ): void;
  createReceiver(options: ReceiverOptions): Promise<RheaReceiver>;
}

interface Context {
  readonly connection: EventHubsConnection;
  readonly managementSession: { readonly authLoop?: { stop(): void } };
}

/** The first of the connections that a client makes: it makes another when it has lost that one. */
export function contextOf(client: EventHubConsumerClient): Context {
  return (client as unknown as { readonly _context: Context })._context;
}
