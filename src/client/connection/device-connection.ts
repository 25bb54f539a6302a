/** The contract of a device connection, over any transport. */

import type { DeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { Transport } from "../endpoint.ts";
import type { SessionOptions } from "./client-session.ts";

/** A received message. Fields that were not sent are absent. */
export interface ReceivedMessage extends Message {
  /** Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs?: number;
  readonly sequenceNumber?: number;
  readonly deliveryCount?: number;
  /** Marked as redelivered by the protocol (MQTT's DUP, or a delivery count above 0). */
  readonly isRedelivered: boolean;
  /** Parts of the property bag that could not be decoded; `properties` holds them unchanged. */
  readonly malformed: readonly string[];
}

/** `none` leaves the message locked: it is redelivered when the lock expires or the connection ends. */
export type DeliverySettlement = Settlement | "none";

/**
 * A message and its settlement. Until settled it is in flight, and redelivered if the connection is
 * lost.
 */
export interface Delivery {
  readonly message: ReceivedMessage;
  /**
   * Resolves when the settlement was written to the socket; over HTTP, when the hub has applied it.
   * The first call makes room for another message. After `none` the message can still be settled;
   * otherwise only the first call counts.
   *
   * @throws ClientError ConnectionLost when the connection ended first: the message is redelivered.
   * ArgumentInvalid for a settlement the transport does not have. DeviceMessageLockLost when the
   * lock had expired, which MQTT does not report.
   */
  settle(settlement: DeliverySettlement): Promise<void>;
}

/** The credentials of an X.509 device (PEM). */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

export interface DeviceConnectOptions extends SessionOptions {
  readonly connectionString: DeviceConnectionString;
  /** Needed when the connection string says `x509=true`. */
  readonly certificate?: ClientCertificate | undefined;
  readonly transport: Transport;
  /** Longest silence before the connection counts as lost. Not used over HTTP. */
  readonly keepAliveSeconds: number;
  /** HTTP only: how long to wait after an empty response, in milliseconds; default 1000. */
  readonly pollIntervalMs?: number | undefined;
  /** HTTP only: how long to ask the hub to lock each message, 5 to 300 s. Default: the hub's own. */
  readonly lockTimeoutSeconds?: number | undefined;
  /**
   * Called for each message, also for those that arrive before `connectDevice` has resolved. Over
   * HTTP the next one is fetched once this one is settled, `none` included. Absent: the device does
   * not subscribe, over HTTP it does not ask, and messages stay with the hub.
   */
  readonly onDelivery?: ((delivery: Delivery) => void) | undefined;
  /** The device sends events: AMQP attaches their link while connecting. Default false. */
  readonly isSending?: boolean;
}

export interface DeviceConnection {
  /** Whether events sent concurrently arrive in order. Over HTTP each is a request of its own. */
  readonly keepsOrder: boolean;
  /**
   * Sends a device-to-cloud message and resolves once the hub has confirmed it. When it does not
   * within a minute, the connection counts as lost. Needs `isSending`. A property without value
   * (`null`) is sent as an empty one, except over MQTT.
   *
   * @throws OutcomeUnknownError ConnectionLost when the connection ended first: the hub may have
   * it. ClientError ConnectionLost, HostNotFound, ConnectionRefused or UntrustedCertificate when it
   * was not sent. What the hub refuses: MessageTooLarge (256 KB, properties included),
   * ArgumentInvalid, IotHubQuotaExceeded, Throttling, ServiceUnavailable, IotHubUnauthorized,
   * DeviceNotFound, …
   */
  sendEvent(message: Message): Promise<void>;
  /**
   * Asks the hub to send no more messages; those received can still be settled. Resolves once none
   * is in flight, or after 3 s. Idempotent. No effect over MQTT, which has no such request.
   */
  stopReceiving(): Promise<void>;
  /** Flushes settlements, then disconnects. Idempotent. */
  close(): Promise<void>;
}
