/** The SDK's AMQP device client, with promises and a close that leaves no handle open. */

import type { Message as SdkMessage } from "azure-iot-common";
import { Amqp } from "azure-iot-device-amqp";
import type { Message } from "../../../core/message.ts";
import type { Settlement } from "../../../core/message-queue.ts";
import type { AmqpMessage } from "../../connection/amqp-values.ts";
import { type AmqpDeviceBaseOptions, hookAmqpDeviceBase } from "./amqp-device-base.ts";
import { createSdkClient } from "./device-client.ts";
import { createSdkMessage } from "./sdk-message.ts";

export interface AmqpArrival {
  readonly message: AmqpMessage;
  readonly sdkMessage: SdkMessage;
}

export interface AmqpDeviceClient {
  /** Errors are the SDK's own. */
  open(): Promise<void>;
  /** A refusal ends the connection. */
  subscribe(): Promise<void>;
  /** A refusal ends the connection. */
  attachEvents(): Promise<void>;
  /** Call after `attachEvents`. */
  sendEvent(message: Message): Promise<void>;
  /**
   * Writes to the socket. One turn must not mix different outcomes (`SettlementOrder`).
   *
   * @throws the SDK's DeviceMessageLockLostError when the link is gone, or the hub has settled it.
   */
  settle(arrival: AmqpArrival, settlement: Settlement): Promise<void>;
  renewCredit(): void;
  drainCredit(): Promise<void>;
  /** Waits for the hub's answers. */
  close(): Promise<void>;
  destroy(): void;
}

export interface AmqpDeviceClientOptions extends AmqpDeviceBaseOptions {
  readonly connectionString: string;
  onMessage(arrival: AmqpArrival): void;
}

export function createAmqpDeviceClient(options: AmqpDeviceClientOptions): AmqpDeviceClient {
  const { certificate } = options;
  const { client, transport, retire } = createSdkClient(
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
    attachEvents: () => base.attachEvents(),
    async sendEvent(message) {
      const sdkMessage = createSdkMessage(message);
      base.embedMessage(message, sdkMessage);
      await client.sendEvent(sdkMessage);
    },
    settle: ({ sdkMessage }, settlement) =>
      new Promise((resolve, reject) => {
        transport[settlement](sdkMessage, (error) => (error ? reject(error) : resolve()));
      }),
    renewCredit: () => base.credit?.renew(),
    async drainCredit() {
      await base.credit?.drain();
    },
    async close() {
      await client.close();
    },
    destroy() {
      retire();
      base.destroy();
    },
  };
}
