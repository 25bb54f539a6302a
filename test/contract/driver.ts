/** What the lifecycle suite needs of a way to be a device. */

import type { RestEndpoint } from "./rest.ts";

/** A device that may connect. */
export interface DeviceAccess {
  readonly endpoint: RestEndpoint;
  /** Ports of MQTT and AMQP; on the local hub all are one. */
  readonly mqttPort: number;
  readonly amqpPort: number;
  readonly deviceId: string;
  /** Base64. */
  readonly key: string;
}

/** A message as the device sees it; what the protocol does not show is absent. */
export interface ReceivedMessage {
  readonly body: Buffer;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly expiryTimeUtcMs?: number;
  readonly ack?: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly deliveryCount?: number;
  /** MQTT's DUP. */
  readonly isMarkedRedelivered?: boolean;
}

export interface DeviceSession {
  /** The next message. */
  receive(): Promise<ReceivedMessage>;
  complete(message: ReceivedMessage): Promise<void>;
  abandon(message: ReceivedMessage): Promise<void>;
  reject(message: ReceivedMessage): Promise<void>;
  /** Resolves once the hub no longer serves this session. */
  shutOut(): Promise<void>;
  /** Goes without settling anything. */
  drop(): Promise<void>;
}

export interface Capabilities {
  /** Settles when told to, not on arrival. */
  readonly canHold: boolean;
  readonly canAbandon: boolean;
  readonly canReject: boolean;
  /** Stands for the device while it is open: what it held comes back when it is gone. */
  readonly hasConnection: boolean;
  /** Takes messages one by one when it asks, and may find none. */
  readonly isPolling: boolean;
  /** Names of application properties keep their case. */
  readonly keepsNameCase: boolean;
}

export type Capability = keyof Capabilities;

export interface DeviceDriver {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Connects and is ready to receive; rejects when the hub does not let the device in. */
  connect(device: DeviceAccess): Promise<DeviceSession>;
}

/** For what a protocol has no way to say. */
export function cannot(what: string): () => Promise<never> {
  return () => Promise.reject(new Error(`This protocol has no way to ${what}.`));
}
