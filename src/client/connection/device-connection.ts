import type { DeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { Transport } from "../endpoint.ts";
import type { SessionOptions } from "./client-session.ts";

export interface ReceivedMessage extends Message {
  readonly enqueuedTimeUtcMs?: number;
  readonly sequenceNumber?: number;
  readonly deliveryCount?: number;
  /** MQTT's DUP, or a delivery count above 0. */
  readonly isRedelivered: boolean;
  /** Parts of the property bag that could not be decoded; `properties` holds them unchanged. */
  readonly malformed: readonly string[];
}

/** `none` leaves the message locked until the lock expires or the connection ends. */
export type DeliverySettlement = Settlement | "none";

export interface Delivery {
  readonly message: ReceivedMessage;
  /**
   * Resolves when written to the socket; over HTTP, when the hub has applied it.
   * The first call makes room for another message; only after `none` does a later one count.
   *
   * @throws ClientError ConnectionLost when the connection ended first: the message is redelivered.
   * ArgumentInvalid for a settlement the transport does not have. DeviceMessageLockLost when the
   * lock had expired, which MQTT does not report.
   */
  settle(settlement: DeliverySettlement): Promise<void>;
}

/** PEM. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

export interface DeviceConnectOptions extends SessionOptions {
  readonly connectionString: DeviceConnectionString;
  readonly certificate?: ClientCertificate | undefined;
  readonly transport: Transport;
  /** Longest silence before the connection counts as lost. Not used over HTTP. */
  readonly keepAliveSeconds: number;
  /** HTTP only: the wait after an empty response; default 1000. */
  readonly pollIntervalMs?: number | undefined;
  /** HTTP only: the lock to ask for, 5 to 300 s; default: the hub's own. */
  readonly lockTimeoutSeconds?: number | undefined;
  /**
   * Also called for messages that arrive before `connectDevice` has resolved. Over HTTP the next is
   * fetched once this one is settled, `none` included. Absent: messages stay with the hub.
   */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** AMQP: the next message comes once this one is settled, as over HTTP. Default false. */
  readonly isOneAtATime?: boolean | undefined;
  /** AMQP attaches the link for events while connecting. Default false. */
  readonly isSending?: boolean;
}

export interface DeviceConnection {
  /** False over HTTP, where each event is a request of its own. */
  readonly keepsOrder: boolean;
  /**
   * Resolves once the hub has confirmed the event; after a minute, the connection counts as lost.
   * Needs `isSending`. A `null` property is sent as an empty one, except over MQTT.
   *
   * @throws OutcomeUnknownError ConnectionLost when the hub may have it. ClientError
   * ConnectionLost, HostNotFound, ConnectionRefused or UntrustedCertificate when it was not sent;
   * the hub's name for its refusal, such as MessageTooLarge (256 KB, properties included).
   */
  sendEvent(message: Message): Promise<void>;
  /** Resolves once no message is in flight, or after 3 s. Idempotent. No effect over MQTT. */
  stopReceiving(): Promise<void>;
  /** Flushes settlements first. Idempotent. */
  close(): Promise<void>;
}
