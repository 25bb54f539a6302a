/** One connection of a device, over any transport: what it needs, what it gives. */

import type { DeviceConnectionString } from "../../core/connection-string.ts";
import type { Message } from "../../core/message.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { Transport } from "../endpoint.ts";
import type { SessionOptions } from "./client-session.ts";

/** A message as it arrived. What the wire did not carry is absent. */
export interface ReceivedMessage extends Message {
  /** Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs?: number;
  readonly sequenceNumber?: number;
  readonly deliveryCount?: number;
  /** The protocol marked it as sent before (MQTT's DUP, or a delivery count above 0). */
  readonly isRedelivered: boolean;
  /** Parts of the property bag that could not be decoded; they stand among the properties as they came. */
  readonly malformed: readonly string[];
}

/** `none` leaves the message locked: it comes again when the lock runs out or the connection ends. */
export type DeliverySettlement = Settlement | "none";

/** A message with the power to settle it. Until then it counts as in flight and comes again if lost. */
export interface Delivery {
  readonly message: ReceivedMessage;
  /**
   * Resolves when the settlement has been handed to the socket; over HTTP, when the hub has done it.
   * The first call makes room for another message. After `none` the message can still be settled;
   * otherwise only the first call counts.
   *
   * @throws ClientError ConnectionLost when the connection went first: the message comes again.
   * ArgumentInvalid for what the transport cannot say. DeviceMessageLockLost when the lock ended
   * before; MQTT does not tell.
   */
  settle(settlement: DeliverySettlement): Promise<void>;
}

/** What an X.509 device proves itself with (PEM). */
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
  /** Longest silence on the connection before it counts as lost. HTTP has no connection to keep. */
  readonly keepAliveSeconds: number;
  /** HTTP only: how long to wait after an empty answer, in milliseconds; default 1000. */
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
  /** Whether events sent side by side arrive in their order. HTTP answers each request by itself. */
  readonly keepsOrder: boolean;
  /**
   * Sends a device-to-cloud message and resolves once the hub has confirmed it. When it does not
   * within a minute, the connection counts as lost. Needs `isSending`. A property without value
   * (`null`) is sent as an empty one, but over MQTT.
   *
   * @throws OutcomeUnknownError ConnectionLost when the connection ended first: the hub may have it.
   * ClientError ConnectionLost, HostNotFound, ConnectionRefused or UntrustedCertificate when it was
   * not sent. What the hub refuses: MessageTooLarge (256 KB, properties included), ArgumentInvalid,
   * IotHubQuotaExceeded, Throttling, ServiceUnavailable, IotHubUnauthorized, DeviceNotFound, …
   */
  sendEvent(message: Message): Promise<void>;
  /**
   * Asks the hub for no more messages; those received can still be settled. Resolves once none is
   * on its way, or after 3 s at most. Idempotent. No effect over MQTT, which cannot ask.
   */
  stopReceiving(): Promise<void>;
  /** Flushes settlements, then disconnects. Idempotent. */
  close(): Promise<void>;
}
