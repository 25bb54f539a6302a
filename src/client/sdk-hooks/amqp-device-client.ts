/** The SDK's device client over AMQP, with promises for callbacks and an end that leaves nothing. */

import type { Message as SdkMessage } from "azure-iot-common";
import { Amqp } from "azure-iot-device-amqp";
import type { Settlement } from "../../core/message-queue.ts";
import { type AmqpDeviceBaseOptions, hookAmqpDeviceBase } from "./amqp-device-base.ts";
import { createSdkClient } from "./device-client.ts";

/** A message as rhea decoded it: the SDK's own form lacks user id and annotations. */
export interface AmqpMessage {
  readonly message_id?: unknown;
  readonly correlation_id?: unknown;
  readonly user_id?: unknown;
  readonly to?: string;
  readonly content_type?: string;
  readonly content_encoding?: string;
  readonly absolute_expiry_time?: Date | number;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly message_annotations?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** A message with what the SDK settles it by. */
export interface AmqpArrival {
  readonly message: AmqpMessage;
  readonly sdkMessage: SdkMessage;
}

export interface AmqpDeviceClient {
  /** Connects and signs in. Errors are the SDK's own. */
  open(): Promise<void>;
  /** Attaches the link of devicebound messages; a refusal is told as the end of the connection. */
  subscribe(): Promise<void>;
  /**
   * Hands the outcome to the socket. Different outcomes must not come in one turn (`SettlementOrder`).
   *
   * @throws the SDK's DeviceMessageLockLostError when the link is gone.
   */
  settle(arrival: AmqpArrival, settlement: Settlement): Promise<void>;
  /** Detaches the link and closes the connection, waiting for the hub's answers. */
  close(): Promise<void>;
  /** Ends sockets and timers at once. */
  destroy(): void;
}

export interface AmqpDeviceClientOptions extends AmqpDeviceBaseOptions {
  readonly connectionString: string;
  onMessage(arrival: AmqpArrival): void;
}

export function createAmqpDeviceClient(options: AmqpDeviceClientOptions): AmqpDeviceClient {
  const { certificate } = options;
  const { client, transport } = createSdkClient(
    options.connectionString,
    (authentication) => new Amqp(authentication),
  );
  const base = hookAmqpDeviceBase(transport, options);
  transport.on("message", (sdkMessage: SdkMessage) =>
    options.onMessage({ message: sdkMessage.transportObj as AmqpMessage, sdkMessage }),
  );
  return {
    async open() {
      if (certificate) await client.setOptions(certificate);
      await client.open();
    },
    // Not client.on("message"): that reports neither success nor failure of the attach.
    subscribe: () =>
      new Promise((resolve, reject) => {
        transport.enableC2D((error) => (error ? reject(error) : resolve()));
      }),
    settle: ({ sdkMessage }, settlement) =>
      new Promise((resolve, reject) => {
        transport[settlement](sdkMessage, (error) => (error ? reject(error) : resolve()));
      }),
    async close() {
      await client.close();
    },
    destroy: () => base.destroy(),
  };
}
