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
import { internals, method } from "../../../dependencies/internals.ts";
import { MQTT_CLIENT, type MqttClient, TLS_CLIENT } from "./mqtt-client.ts";

/** The client is looked into, and ended when it is not what was expected. */
type Connect = (uri: string, options: object) => { end?(force: boolean): void };

/** The base of azure-iot-device-mqtt's transport. */
export const MQTT_BASE = internals(["azure-iot-device-mqtt", "azure-iot-mqtt-base"], "MqttBase", {
  mqttProvider: { connect: method<Connect>() },
  setTimeout: method<(seconds: number) => void>(),
});

const TRANSPORT = internals(["azure-iot-device-mqtt"], "Mqtt (transport)", {
  _mqtt: MQTT_BASE,
  // Not part of what the package documents.
  enableC2D: method<Mqtt["enableC2D"]>(),
});

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

export interface MqttClientHandlers {
  /** Sees each client before a single byte has been exchanged. */
  onClient(client: MqttClient): void;
  /** The client is not what it is taken for: told here, for the SDK would swallow it. */
  onFault(error: Error): void;
}

/**
 * @param uri Where to connect, instead of where the SDK would.
 * @throws IncompatiblePackage
 */
export function hookMqttProvider(
  transport: Mqtt,
  uri: string,
  options: MqttClientOptions,
  { onClient, onFault }: MqttClientHandlers,
): void {
  const { _mqtt: base } = TRANSPORT.of(transport);
  const original = base.mqttProvider;
  base.mqttProvider = {
    connect(_sdkUri, sdkOptions) {
      const client = original.connect(uri, { ...sdkOptions, ...options });
      try {
        // PUBACKs are small and follow one another: each would wait 40 ms for the one before.
        if (uri.startsWith("mqtts:")) TLS_CLIENT.of(client).stream.setNoDelay();
        onClient(MQTT_CLIENT.of(client));
      } catch (error) {
        onFault(error as Error);
        client.end?.(true);
      }
      return client;
    },
  };
}
