/** The SDK's device client over MQTT, with promises for callbacks and an end that leaves nothing. */

import { Mqtt } from "azure-iot-device-mqtt";
import type { ClientCertificate } from "../device-connection.ts";
import { createSdkClient } from "./device-client.ts";
import type { MqttClient } from "./mqtt-client.ts";
import { hookMqttProvider, type MqttClientOptions } from "./mqtt-provider.ts";

export interface MqttDeviceClient {
  /** Connects. Errors are the SDK's own. */
  open(): Promise<void>;
  /** Subscribes to devicebound messages. Never settles when the connection ends meanwhile (SDK). */
  subscribe(): Promise<void>;
  /** Calls once the connection has ended without `close`. */
  onDisconnect(listener: () => void): void;
  /** Sends DISCONNECT behind everything written so far, and waits until the socket is closed. */
  close(): Promise<void>;
  /** Ends sockets and timers at once. */
  destroy(): void;
}

export interface MqttDeviceClientOptions {
  readonly connectionString: string;
  /** Where to connect: `mqtts://…` or `wss://…`. */
  readonly uri: string;
  readonly mqtt: MqttClientOptions;
  readonly certificate: ClientCertificate | undefined;
  onClient(client: MqttClient): void;
}

export function createMqttDeviceClient(options: MqttDeviceClientOptions): MqttDeviceClient {
  const clients: MqttClient[] = [];
  const { client, transport } = createSdkClient(
    options.connectionString,
    (authentication) => new Mqtt(authentication),
  );
  hookMqttProvider(transport, options.uri, options.mqtt, (mqttClient) => {
    clients.push(mqttClient);
    options.onClient(mqttClient);
  });
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
    onDisconnect(listener) {
      client.on("disconnect", listener);
    },
    async close() {
      await client.close();
    },
    destroy() {
      // The end of its socket leads the SDK's machines to their end, timers included.
      for (const { stream } of clients) stream.destroy();
      for (const mqttClient of clients) mqttClient.end(true);
    },
  };
}
