/**
 * Puts our hands on every mqtt.js client that azure-iot-device-mqtt makes.
 *
 * Why: the SDK gives no access to acknowledgements, raw topics or DUP flags, replaces the trust
 * store with its `ca` option, gives up waiting for CONNACK after a fixed minute, and goes to port
 * 443 for WebSocket whatever the host name says. Its MqttBase has a seam for tests, `mqttProvider`,
 * the object whose `connect` makes clients; we wrap that. It is called again at every token renewal,
 * so one connection may see several clients.
 */

import type { Mqtt } from "azure-iot-device-mqtt";
import type { MqttClient } from "./mqtt-client.ts";

/** Options of mqtt.js, set over the SDK's own. */
export interface MqttClientOptions {
  readonly ca?: string[];
  /** Seconds. */
  readonly keepalive: number;
  /** Longest wait for CONNACK, in milliseconds. */
  readonly connectTimeout: number;
  /** Starts without the session that the hub keeps, and leaves none. */
  readonly clean: boolean;
}

interface MqttProvider {
  connect(uri: string, options: object): MqttClient;
}

interface MqttInternals {
  readonly _mqtt: { mqttProvider: MqttProvider };
}

/**
 * @param uri Where to connect, instead of where the SDK would.
 * @param onClient Sees each client before a single byte has been exchanged.
 */
export function hookMqttProvider(
  transport: Mqtt,
  uri: string,
  options: MqttClientOptions,
  onClient: (client: MqttClient) => void,
): void {
  const base = (transport as unknown as MqttInternals)._mqtt;
  const original = base.mqttProvider;
  base.mqttProvider = {
    connect(_sdkUri, sdkOptions) {
      const client = original.connect(uri, { ...sdkOptions, ...options });
      // PUBACKs are small and follow one another: each would wait 40 ms for the one before.
      client.stream.setNoDelay?.();
      onClient(client);
      return client;
    },
  };
}
