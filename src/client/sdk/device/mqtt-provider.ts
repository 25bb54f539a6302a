/**
 * Hooks into every mqtt.js client that azure-iot-device-mqtt creates.
 *
 * The SDK gives no access to acknowledgements, raw topics or DUP flags, replaces the trust store
 * with its `ca` option, waits exactly one minute for CONNACK, and uses port 443 for WebSocket
 * whatever the host name says. We wrap the test seam `mqttProvider` of its MqttBase, which is
 * called again at every token renewal, so one connection may see several clients.
 */

import type { Agent } from "node:https";
import type { Mqtt } from "azure-iot-device-mqtt";
import { internals, method } from "../../../dependencies/internals.ts";
import { MQTT_CLIENT, type MqttClient, TLS_CLIENT } from "./mqtt-client.ts";

type Connect = (uri: string, options: object) => { end?(force: boolean): void };

export const MQTT_BASE = internals(["azure-iot-device-mqtt", "azure-iot-mqtt-base"], "MqttBase", {
  mqttProvider: { connect: method<Connect>() },
  setTimeout: method<(seconds: number) => void>(),
});

const TRANSPORT = internals(["azure-iot-device-mqtt"], "Mqtt (transport)", {
  _mqtt: MQTT_BASE,
  // Not part of the package's documented API.
  enableC2D: method<Mqtt["enableC2D"]>(),
});

export interface MqttClientOptions {
  readonly ca?: string[];
  /** Only for WebSocket. */
  readonly wsOptions?: { readonly agent: Agent };
  /** Seconds. */
  readonly keepalive: number;
  /** Longest wait for CONNACK, in milliseconds. */
  readonly connectTimeout: number;
  /** Starts without the hub's session, and leaves none. */
  readonly clean: boolean;
}

export interface MqttClientHandlers {
  /** Called with each client before any byte is exchanged. */
  onClient(client: MqttClient): void;
  /** The client is incompatible: reported here, because the SDK would swallow the error. */
  onFault(error: Error): void;
}

/** @throws IncompatiblePackage */
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
        // With Nagle's algorithm, each of several PUBACKs would wait 40 ms for the one before.
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
