/** The SDK's MQTT device client, with promises and a close that leaves no handle open. */

import { Mqtt } from "azure-iot-device-mqtt";
import type { Message } from "../../../core/message.ts";
import type { ClientCertificate } from "../../connection/device-connection.ts";
import { createSdkClient } from "./device-client.ts";
import type { MqttClient } from "./mqtt-client.ts";
import { failOutgoing, hookMqttEvents } from "./mqtt-events.ts";
import { hookMqttProvider, type MqttClientOptions } from "./mqtt-provider.ts";

export interface MqttDeviceClient {
  /** Errors are the SDK's own. */
  open(): Promise<void>;
  /** Never settles if the connection ends first (SDK). */
  subscribe(): Promise<void>;
  /** Call only while connected: the SDK would reconnect. Throws TopicTooLongError. */
  sendEvent(message: Message): Promise<void>;
  /** Not called after `close`. */
  onDisconnect(listener: () => void): void;
  /** Waits for DISCONNECT and the socket's close, but not for acknowledgements of events. */
  close(): Promise<void>;
  destroy(): void;
}

export interface MqttDeviceClientOptions {
  readonly connectionString: string;
  readonly uri: string;
  readonly mqtt: MqttClientOptions;
  readonly certificate: ClientCertificate | undefined;
  onClient(client: MqttClient): void;
  /** IncompatiblePackage: the connection cannot be used. */
  onFault(error: Error): void;
}

export function createMqttDeviceClient(options: MqttDeviceClientOptions): MqttDeviceClient {
  const clients: MqttClient[] = [];
  let isDestroyed = false;
  const { client, transport, retire } = createSdkClient(
    options.connectionString,
    (authentication) => new Mqtt(authentication),
  );
  const { onFault } = options;
  const failSending = (mqttClient: MqttClient): void => {
    try {
      failOutgoing(mqttClient);
    } catch (error) {
      onFault(error as Error);
    }
  };
  const onClient = (mqttClient: MqttClient): void => {
    clients.push(mqttClient);
    mqttClient.on("close", () => failSending(mqttClient));
    options.onClient(mqttClient);
    if (isDestroyed) cut(mqttClient);
  };
  hookMqttProvider(transport, options.uri, options.mqtt, { onClient, onFault });
  const events = hookMqttEvents(transport);
  const { certificate } = options;
  return {
    async open() {
      if (certificate) await client.setOptions(certificate);
      await client.open();
    },
    // Not client.on("message"): that reports neither success nor failure of the subscription.
    subscribe: () =>
      new Promise((resolve, reject) => {
        transport.enableC2D((error) => (error ? reject(error) : resolve()));
      }),
    async sendEvent(message) {
      await client.sendEvent(events.toSdkMessage(message));
    },
    onDisconnect(listener) {
      client.on("disconnect", listener);
    },
    async close() {
      for (const mqttClient of clients) failSending(mqttClient);
      await client.close();
    },
    destroy() {
      isDestroyed = true;
      retire();
      for (const mqttClient of clients) cut(mqttClient);
    },
  };
}

/** Closing the socket ends the SDK's state machines, including their timers. */
function cut(mqttClient: MqttClient): void {
  mqttClient.stream.destroy();
  mqttClient.end(true);
}
