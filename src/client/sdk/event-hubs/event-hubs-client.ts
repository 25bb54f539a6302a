/**
 * The SDK's event consumer, on one connection that is not reopened.
 *
 * @azure/event-hubs has no CA option for plain AMQP, sends an IP address as TLS server name, does
 * not report when a partition's link is attached, or that the hub detached it until its wait is
 * over, silently reopens a lost connection, and grants more credit with every batch that was not
 * full, so that with a slow reader the waiting events grow without bound.
 */

import type { Agent } from "node:https";
import {
  EventHubConsumerClient,
  type EventPosition,
  earliestEventPosition,
  type ReceivedEventData,
  type Subscription,
  type WebSocketImpl,
} from "@azure/event-hubs";
import WebSocket from "ws";
import { createDeferred, type Deferred } from "../../../async/deferred.ts";
import type { EventHubConnectionString } from "../../../core/connection-string.ts";
import { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";
import type { AmqpMessage } from "../../connection/amqp-values.ts";
import type { PartitionPosition, PartitionState } from "../../connection/event-cursor.ts";
import type { EventHubAddress } from "../../connection/event-hub-address.ts";
import type { ServiceSignIn } from "../../connection/service-sign-in.ts";
import {
  changedEvent,
  checkConnected,
  contextOf,
  type EventHubsConnection,
  RECEIVER,
  RECEIVER_OPTIONS,
  type ReceiverOptions,
  type RheaListener,
  type RheaReceiver,
} from "./event-hubs-internals.ts";

export type EventSignIn = ServiceSignIn | EventHubConnectionString;

export interface EventHubsClientOptions {
  readonly address: EventHubAddress;
  readonly signIn: EventSignIn;
  readonly consumerGroup: string;
  readonly isWebSocket: boolean;
  readonly ca: string[] | undefined;
  /** Only for WebSocket. */
  readonly agent: Agent | undefined;
  /** Empty for an IP address. */
  readonly serverName: string;
  readonly timeoutMs: number;
  /** May be called more than once. */
  onLost(error: unknown): void;
}

export interface EventHubsClient {
  /** Errors are the SDK's own. */
  readPartitions(): Promise<readonly PartitionState[]>;
  /** A refusal ends the connection. The next event waits for the promise of `onEvent`. */
  receive(
    partitionId: string,
    position: PartitionPosition,
    onEvent: (event: AmqpMessage) => Promise<void>,
  ): Promise<void>;
  /** Waits for the hub's answers. */
  close(): Promise<void>;
  destroy(): void;
}

/** Events per partition in flight or waiting. Each can have 256 KB. */
const WINDOW = 50;

export function createEventHubsClient(options: EventHubsClientOptions): EventHubsClient {
  return new HookedClient(options);
}

class HookedClient implements EventHubsClient {
  readonly #options: EventHubsClientOptions;
  readonly #client: EventHubConsumerClient;
  readonly #connection: EventHubsConnection;
  readonly #subscriptions: Subscription[] = [];
  readonly #attaching = new Map<string, Deferred<void>>();
  /** As rhea decoded them, by their annotations, which the SDK passes on unchanged. */
  readonly #messages = new WeakMap<object, AmqpMessage>();
  readonly #abort = new AbortController();
  readonly #webSockets: WebSocket[] = [];

  constructor(options: EventHubsClientOptions) {
    this.#options = options;
    this.#client = this.#createClient();
    this.#connection = contextOf(this.#client).connection;
    this.#hookConnection();
  }

  async readPartitions(): Promise<readonly PartitionState[]> {
    const abortSignal = this.#abort.signal;
    const partitionIds = await this.#client.getPartitionIds({ abortSignal });
    checkConnected(this.#client, this.#connection);
    return await Promise.all(
      partitionIds.map(async (partitionId) => {
        const partition = await this.#client.getPartitionProperties(partitionId, { abortSignal });
        return { partitionId, lastSequenceNumber: partition.lastEnqueuedSequenceNumber };
      }),
    );
  }

  async receive(
    partitionId: string,
    position: PartitionPosition,
    onEvent: (event: AmqpMessage) => Promise<void>,
  ): Promise<void> {
    const attached = createDeferred<void>();
    this.#attaching.set(partitionId, attached);
    const subscription = this.#client.subscribe(
      partitionId,
      {
        processEvents: async (events) => {
          for (const event of events) {
            if (this.#abort.signal.aborted) return;
            await onEvent(this.#messageOf(event));
          }
        },
        processError: async (error) => this.#options.onLost(error),
      },
      {
        startPosition: toEventPosition(position),
        maxBatchSize: WINDOW,
        prefetchCount: WINDOW,
        skipParsingBodyAsJson: true,
      },
    );
    this.#subscriptions.push(subscription);
    await attached.promise;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#client.close();
  }

  destroy(): void {
    this.#abort.abort();
    // Stops reading at once; what it would wait for has ended with the socket.
    for (const subscription of this.#subscriptions) subscription.close().catch(() => {});
    this.#stopRenewal();
    // A link that has just been attached starts its wait only now.
    setImmediate(() => this.#stopRenewal());
    const { _connection: connection } = this.#connection;
    if (connection.socket === undefined) return;
    // Otherwise a frame that is being read would start another wait for the next one.
    connection.local.open.idle_time_out = 0;
    connection.abort_socket(connection.socket);
    connection.socket.on("error", () => {});
    for (const webSocket of this.#webSockets) webSocket.terminate();
  }

  #stopRenewal(): void {
    contextOf(this.#client).managementSession.authLoop?.stop();
  }

  #createClient(): EventHubConsumerClient {
    const { address, signIn, consumerGroup, timeoutMs, isWebSocket } = this.#options;
    const { host, port, entityPath } = address;
    return new EventHubConsumerClient(
      consumerGroup,
      // Tokens are issued for this name, which has no port on Azure.
      port === undefined ? host : `${host}:${port}`,
      entityPath,
      credentialOf(signIn),
      {
        retryOptions: { maxRetries: 0, timeoutInMs: timeoutMs },
        ...(isWebSocket && { webSocketOptions: this.#webSocketOptions() }),
      },
    );
  }

  /** rhea closes a WebSocket only in order, which takes 30 s when the hub does not respond. */
  #webSocketOptions() {
    const { ca, agent } = this.#options;
    const webSocket = new Proxy(WebSocket, {
      construct: (target, args: ConstructorParameters<typeof WebSocket>) => {
        const made = new target(...args);
        this.#webSockets.push(made);
        return made;
      },
    });
    return {
      webSocket: webSocket as unknown as WebSocketImpl,
      webSocketConstructorOptions: { ...(ca !== undefined && { ca }), ...(agent && { agent }) },
    };
  }

  #hookConnection(): void {
    const { ca, serverName, onLost } = this.#options;
    const { options } = this.#connection._connection;
    if (ca !== undefined) options.ca = ca;
    options.servername = serverName;
    // With Nagle's algorithm, consecutive small frames would wait 40 ms each.
    options.tcp_no_delay = true;
    // After an orderly close there is no other event.
    for (const end of ["connection_close", "disconnected"] as const) {
      this.#connection.on(end, ({ error, connection }) =>
        onLost(connection?.error ?? unwrap(error)),
      );
    }
    const createReceiver = this.#connection.createReceiver.bind(this.#connection);
    this.#connection.createReceiver = async (receiverOptions) => {
      try {
        return await this.#attach(createReceiver, RECEIVER_OPTIONS.of(receiverOptions));
      } catch (error) {
        // The SDK would replace it with an error of its own.
        if (error instanceof IncompatiblePackage) onLost(error);
        throw error;
      }
    };
  }

  /** The SDK calls it for partitions, not for its own claims and management links. */
  async #attach(
    createReceiver: (options: ReceiverOptions) => Promise<RheaReceiver>,
    options: ReceiverOptions,
  ): Promise<RheaReceiver> {
    const detached = createDeferred<never>();
    const reportAfter = (listener: RheaListener): RheaListener => {
      return (context) => {
        listener(context);
        const error = context.receiver?.error ?? context.session?.error;
        this.#options.onLost(error);
        detached.reject(error ?? new Error("The link was detached."));
      };
    };
    const created = await createReceiver({
      ...options,
      onMessage: (context) => {
        const { message } = context;
        if (message?.message_annotations) this.#messages.set(message.message_annotations, message);
        options.onMessage(context);
      },
      onError: reportAfter(options.onError),
      onClose: reportAfter(options.onClose),
      onSessionError: reportAfter(options.onSessionError),
      onSessionClose: reportAfter(options.onSessionClose),
    });
    const receiver = RECEIVER.of(created);
    const isGranted = receiver.source != null && "address" in receiver.source;
    // For an attached link the SDK starts a token renewal that it would never stop.
    if (!isGranted) await detached.promise;
    this.#abort.signal.throwIfAborted();
    boundCredit(receiver);
    this.#attaching.get(partitionIdIn(options.source.address))?.resolve();
    return receiver;
  }

  /** The SDK converts times to numbers and garbles the bytes of a user id. */
  #messageOf(event: ReceivedEventData): AmqpMessage {
    const { messageAnnotations } = event.getRawAmqpMessage();
    if (messageAnnotations === undefined) throw new Error("An event arrived without annotations.");
    const message = this.#messages.get(messageAnnotations);
    if (message === undefined) throw changedEvent();
    return message;
  }
}

/** `<event hub>/ConsumerGroups/<group>/Partitions/<id>` */
function partitionIdIn(address: string): string {
  return address.split("/").at(-1) ?? "";
}

/** The SDK forgets what it has granted before. */
function boundCredit(receiver: RheaReceiver): void {
  const addCredit = receiver.addCredit.bind(receiver);
  receiver.addCredit = (wanted) => {
    const missing = wanted - receiver.credit;
    if (missing > 0) addCredit(missing);
  };
}

/** The package ws reports errors as browser events. */
function unwrap(error: Error | { readonly error?: unknown } | undefined): unknown {
  return error === undefined || error instanceof Error ? error : error.error;
}

function credentialOf(signIn: EventSignIn) {
  if (signIn.type === "entra") return signIn.credential;
  return { name: signIn.sharedAccessKeyName, key: signIn.sharedAccessKey.reveal() };
}

function toEventPosition(position: PartitionPosition): EventPosition {
  switch (position.type) {
    case "beginning":
      return earliestEventPosition;
    case "after":
      return { sequenceNumber: position.sequenceNumber, isInclusive: false };
    case "since":
      // The resulting filter can only express "later than".
      return { enqueuedOn: Math.max(0, position.timeMs - 1) };
  }
}
