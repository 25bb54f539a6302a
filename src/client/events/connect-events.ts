/** Reads device-to-cloud events: AMQP over TLS (port 5671) or over WebSocket (port 443). */

import { ClientSession, type SessionOptions } from "../connection/client-session.ts";
import { endpointOf } from "../connection/endpoint-of.ts";
import type { EventCursor } from "../connection/event-cursor.ts";
import type { EventHubAddress } from "../connection/event-hub-address.ts";
import { serverNameOf } from "../endpoint.ts";
import type { ClientError } from "../errors/client-error.ts";
import { toReadRefusal } from "../refusals/read-refusal.ts";
import { requireEntraToken } from "../sdk/entra/entra-login.ts";
import {
  createEventHubsClient,
  type EventHubsClient,
  type EventSignIn,
} from "../sdk/event-hubs/event-hubs-client.ts";
import type { ServiceTransport } from "../service/service-connection.ts";
import { type ReceivedEvent, toReceivedEvent } from "./received-event.ts";

const SDK_TIMEOUT_MARGIN_MS = 5000;

export interface EventConnectOptions extends SessionOptions {
  readonly address: EventHubAddress;
  readonly signIn: EventSignIn;
  readonly consumerGroup: string;
  readonly transport: ServiceTransport;
  /** Advanced past each event whose promise has resolved. */
  readonly cursor: EventCursor;
  /**
   * Called for one event per partition at a time, in order, possibly before `connectEvents`
   * resolves; must not reject.
   */
  onEvent(event: ReceivedEvent): Promise<void>;
}

export interface EventConnection {
  readonly partitionIds: readonly string[];
  /** Waits for pending `onEvent` promises. Idempotent. */
  close(): Promise<void>;
}

const EVENT_HUBS_SCOPE = "https://eventhubs.azure.net//.default";

/**
 * Takes at most `connectTimeoutMs`, plus half a second to find the reason of a timeout. No retries.
 *
 * @throws ClientError IotHubUnauthorized, MessagingEntityNotFound, CredentialUnavailable,
 * HostNotFound, ConnectionRefused, UntrustedCertificate, TlsFailure, ConnectTimeout,
 * ConnectionLost.
 */
export async function connectEvents(options: EventConnectOptions): Promise<EventConnection> {
  const reader = new EventReader(options);
  await reader.open();
  return reader;
}

class EventReader extends ClientSession<EventConnectOptions> implements EventConnection {
  protected override readonly peer = "an event hub";
  readonly #client: EventHubsClient;
  readonly #reading = new Set<Promise<void>>();
  #partitionIds: readonly string[] = [];

  constructor(options: EventConnectOptions) {
    const { address, signIn, consumerGroup, transport, connectTimeoutMs } = options;
    super(options, endpointOf(address, transport));
    this.#client = createEventHubsClient({
      address,
      signIn,
      consumerGroup,
      isWebSocket: transport === "amqp-ws",
      ca: this.ca,
      agent: this.agent,
      serverName: serverNameOf(this.endpoint),
      // Ours ends first, and says that it was the timeout.
      timeoutMs: connectTimeoutMs + SDK_TIMEOUT_MARGIN_MS,
      onLost: (error) => this.lose(error),
    });
  }

  get partitionIds(): readonly string[] {
    return this.#partitionIds;
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all(this.#reading);
  }

  protected override async connect(): Promise<void> {
    const { signIn, connectTimeoutMs } = this.options;
    if (signIn.type === "entra") {
      const bound = (search: Promise<void>) => this.end.before(search);
      await requireEntraToken(signIn, connectTimeoutMs, bound, EVENT_HUBS_SCOPE);
    }
    const partitions = await this.#client.readPartitions();
    this.#partitionIds = partitions.map(({ partitionId }) => partitionId);
    await Promise.all(
      partitions.map((partition) => {
        const { partitionId } = partition;
        const position = this.options.cursor.locate(partition);
        return this.#client.receive(partitionId, position, (message) =>
          this.#read(toReceivedEvent(partitionId, message)),
        );
      }),
    );
  }

  protected override async disconnect(): Promise<void> {
    await this.#client.close();
  }

  protected override destroy(): void {
    this.#client.destroy();
  }

  protected override toRefusal(cause: unknown): ClientError | undefined {
    return toReadRefusal(cause, this.options.signIn);
  }

  async #read(event: ReceivedEvent): Promise<void> {
    if (this.isClosed) return;
    const { onEvent, cursor } = this.options;
    const read = onEvent(event).then(() => cursor.advance(event.partitionId, event.sequenceNumber));
    this.#reading.add(read);
    await read.finally(() => this.#reading.delete(read));
  }
}
