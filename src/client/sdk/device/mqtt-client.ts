/** The internals of mqtt.js 4, inside azure-iot-device-mqtt, that we use. */

import type { PackagePath } from "../../../dependencies/incompatible-package.ts";
import {
  flag,
  type InternalsOf,
  internals,
  method,
  object,
} from "../../../dependencies/internals.ts";

const PATH: PackagePath = ["azure-iot-device-mqtt", "azure-iot-mqtt-base", "mqtt"];

export interface PublishPacket {
  readonly topic: string | Buffer;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly dup: boolean;
  /** Absent at QoS 0. */
  readonly messageId?: number;
}

type PubackPacket = { readonly cmd: "puback"; readonly messageId: number };

export const MQTT_CLIENT = internals(PATH, "MqttClient", {
  on: method<(event: string, listener: (...args: never[]) => void) => unknown>(),
  connected: flag,
  disconnecting: flag,
  /** By message id. */
  outgoing: object<Record<number, unknown>>(),
  stream: { destroy: method<() => void>() },
  end: method<(force: boolean) => void>(),
  _handlePublish: method<(packet: PublishPacket, done: () => void) => void>(),
  _sendPacket: method<(packet: PubackPacket) => void>(),
});

export type MqttClient = InternalsOf<typeof MQTT_CLIENT>;

/** Over WebSocket the stream is one around a socket. */
export const TLS_CLIENT = internals(PATH, "MqttClient", {
  stream: { setNoDelay: method<() => void>() },
});

export const OUTGOING = internals(PATH, "MqttClient.outgoing", {
  cb: method<(error: Error) => void>(),
});
