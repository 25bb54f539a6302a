/** A connection that reads device-to-cloud events: AMQP over TLS (port 5671) or over WebSocket (port 443). */

import { isIP } from "node:net";
import { DeadlinePassedError, within } from "../../async/within.ts";
import { ConnectionEnd } from "../connection/connection-end.ts";
import type { EventCursor } from "../connection/event-cursor.ts";
import type { EventHubAddress } from "../connection/event-hub-address.ts";
import { probe } from "../connection/probe.ts";
import type { EntraLogin } from "../connection/service-sign-in.ts";
import { trustedCertificates } from "../connection/trusted-certificates.ts";
import { ClientError } from "../errors/client-error.ts";
import { ConnectAbortedError } from "../errors/connect-aborted-error.ts";
import { type Endpoint, formatEndpoint } from "../errors/endpoint.ts";
import { toReadRefusal } from "../refusals/read-refusal.ts";
import { requireEntraToken } from "../sdk/entra/entra-login.ts";
import {
  createEventHubsClient,
  type EventHubsClient,
  type EventSignIn,
} from "../sdk/event-hubs/event-hubs-client.ts";
import type { ServiceTransport } from "../service/service-connection.ts";
import { type ReceivedEvent, toReceivedEvent } from "./received-event.ts";

export interface EventConnectOptions {
  readonly address: EventHubAddress;
  /** As whom. */
  readonly signIn: EventSignIn;
  readonly consumerGroup: string;
  readonly transport: ServiceTransport;
  /** Extra CA certificates to trust (PEM). */
  readonly ca?: string;
  /** In milliseconds. */
  readonly connectTimeoutMs: number;
  /** Gives connecting up; it has no effect on an open connection. */
  readonly signal?: AbortSignal;
  /** Where reading begins. It is moved on past each event whose promise has resolved. */
  readonly cursor: EventCursor;
  /** One event of a partition at a time, in order, from before `connectEvents` resolves; must not reject. */
  onEvent(event: ReceivedEvent): Promise<void>;
  /** Called once, when an open connection ends without `close`. */
  onDisconnect(error: ClientError): void;
}

export interface EventConnection {
  readonly partitionIds: readonly string[];
  /** Disconnects, and waits for the events whose promises are still open. Idempotent. */
  close(): Promise<void>;
}

/** For addresses that name none. */
const PORTS: Readonly<Record<ServiceTransport, number>> = { amqp: 5671, "amqp-ws": 443 };

/** What a token for an event hub is asked for (the SDK's own scope). */
const EVENT_HUBS_SCOPE = "https://eventhubs.azure.net//.default";

/** How long a hub may take to answer the closing of links and connection. */
const CLOSE_TIMEOUT_MS = 3000;

/**
 * Resolves once the links of all partitions are attached, at most `connectTimeoutMs` after the call;
 * finding the reason of a timeout may take half a second more. Nothing is retried: an ended
 * connection is reported once and stays ended.
 *
 * @throws ClientError IotHubUnauthorized, MessagingEntityNotFound, CredentialUnavailable,
 * HostNotFound, ConnectionRefused, UntrustedCertificate, TlsFailure, ConnectTimeout, ConnectionLost.
 */
export async function connectEvents(options: EventConnectOptions): Promise<EventConnection> {
  const reader = new EventReader(options);
  await reader.open();
  return reader;
}

class EventReader implements EventConnection {
  readonly #options: EventConnectOptions;
  readonly #endpoint: Endpoint;
  readonly #ca: string[] | undefined;
  readonly #client: EventHubsClient;
  readonly #end = new ConnectionEnd();
  /** Of the events whose promises are open. */
  readonly #reading = new Set<Promise<void>>();
  #state: "opening" | "open" | "closed" = "opening";
  #partitionIds: readonly string[] = [];
  #closing: Promise<void> | undefined;

  constructor(options: EventConnectOptions) {
    const { address, signIn, consumerGroup, transport, connectTimeoutMs } = options;
    const { host, port = PORTS[transport] } = address;
    this.#options = options;
    this.#endpoint = { host, port };
    this.#ca = trustedCertificates(options.ca);
    this.#client = createEventHubsClient({
      address,
      signIn,
      consumerGroup,
      isWebSocket: transport === "amqp-ws",
      ca: this.#ca,
      serverName: isIP(host) === 0 ? host : "",
      timeoutMs: connectTimeoutMs,
      onLost: (error) => this.#lose(error),
    });
  }

  get partitionIds(): readonly string[] {
    return this.#partitionIds;
  }

  async open(): Promise<void> {
    const { connectTimeoutMs, signal } = this.#options;
    const deadlineMs = performance.now() + connectTimeoutMs;
    const giveUp = (): void => this.#end.end(new ConnectAbortedError());
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      await within(connectTimeoutMs, this.#end.before(this.#connect()));
      this.#state = "open";
    } catch (error) {
      this.#state = "closed";
      this.#end.end(error as Error);
      this.#client.destroy();
      throw await this.#explain(error, deadlineMs);
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #connect(): Promise<void> {
    const { signIn } = this.#options;
    if (signIn.type === "entra") await this.#findToken(signIn);
    const partitions = await this.#client.readPartitions();
    this.#partitionIds = partitions.map(({ partitionId }) => partitionId);
    await Promise.all(
      partitions.map((partition) => {
        const { partitionId } = partition;
        const position = this.#options.cursor.locate(partition);
        return this.#client.receive(partitionId, position, (message) =>
          this.#read(toReceivedEvent(partitionId, message)),
        );
      }),
    );
  }

  /** A chain of credentials that has nothing to give says so itself; the SDK would not. */
  async #findToken(login: EntraLogin): Promise<void> {
    const search = new AbortController();
    try {
      await this.#end.before(requireEntraToken(login, search.signal, EVENT_HUBS_SCOPE));
    } finally {
      search.abort();
    }
  }

  async #read(event: ReceivedEvent): Promise<void> {
    if (this.#state === "closed") return;
    const { onEvent, cursor } = this.#options;
    const read = onEvent(event).then(() => cursor.advance(event.partitionId, event.sequenceNumber));
    this.#reading.add(read);
    await read.finally(() => this.#reading.delete(read));
  }

  async #close(): Promise<void> {
    const isOpen = this.#state === "open";
    this.#state = "closed";
    this.#end.end(new ClientError("ConnectionLost", "The connection was closed meanwhile."));
    if (isOpen) await within(CLOSE_TIMEOUT_MS, this.#client.close()).catch(() => {});
    this.#client.destroy();
    await Promise.all(this.#reading);
  }

  #lose(cause: unknown): void {
    // The SDK's own words for what this end has asked for itself.
    if (this.#state === "closed") return;
    const error = this.#toLoss(cause);
    this.#end.end(error);
    if (this.#state !== "open") return;
    this.#state = "closed";
    this.#client.destroy();
    this.#options.onDisconnect(error);
  }

  #toLoss(cause: unknown): ClientError {
    const where = formatEndpoint(this.#endpoint);
    return (
      toReadRefusal(cause, this.#options.signIn) ??
      new ClientError("ConnectionLost", `The connection to ${where} ended.`, { cause })
    );
  }

  async #explain(error: unknown, deadlineMs: number): Promise<ClientError> {
    if (error instanceof ConnectAbortedError) return error;
    const { signIn, connectTimeoutMs } = this.#options;
    const refusal = error instanceof ClientError ? error : toReadRefusal(error, signIn);
    if (refusal && refusal.name !== "ConnectionLost") return refusal;
    const found = await probe(this.#endpoint, this.#ca, deadlineMs);
    if (found) return found;
    if (!(error instanceof DeadlinePassedError)) return refusal ?? this.#toLoss(error);
    return new ClientError(
      "ConnectTimeout",
      `${formatEndpoint(this.#endpoint)} takes connections but did not answer within ${connectTimeoutMs} ms.`,
      { cause: error, hint: "Check that it is an event hub, or raise --connect-timeout." },
    );
  }
}
