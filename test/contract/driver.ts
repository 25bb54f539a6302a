/** What the lifecycle suite requires of a device driver. */

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

/** A message as the device sees it; fields that the protocol does not have are absent. */
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
  /** Disconnects without settling anything. */
  drop(): Promise<void>;
}

export interface Capabilities {
  /** Settles on request, not on arrival. */
  readonly canHold: boolean;
  readonly canAbandon: boolean;
  readonly canReject: boolean;
  /** Is the device's one connection: when it ends, its messages are requeued. */
  readonly hasConnection: boolean;
  /** Polls for single messages, of which there may be none. */
  readonly isPolling: boolean;
  /** Names of application properties keep their case. */
  readonly keepsNameCase: boolean;
}

export type Capability = keyof Capabilities;

export interface DeviceDriver {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Connects and is ready to receive; rejects if the hub refuses the device. */
  connect(device: DeviceAccess): Promise<DeviceSession>;
}

/** For settlements that a protocol does not have. */
export function cannot(what: string): () => Promise<never> {
  return () => Promise.reject(new Error(`This protocol has no way to ${what}.`));
}
