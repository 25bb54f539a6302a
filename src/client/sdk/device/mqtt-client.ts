/** What we touch of mqtt.js 4, the MQTT client inside azure-iot-device-mqtt. */

import type { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";

export interface PublishPacket {
  readonly topic: string | Buffer;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1 | 2;
  readonly dup: boolean;
  /** Absent at QoS 0. */
  readonly messageId?: number;
}

export interface MqttClient extends EventEmitter {
  readonly connected: boolean;
  readonly disconnecting: boolean;
  /** What waits for its acknowledgement, by message id. */
  readonly outgoing: Record<number, { readonly cb: (error: Error) => void }>;
  /** A socket over TLS, a stream around one over WebSocket. */
  readonly stream: Duplex & { setNoDelay?(): void };
  end(force: boolean): void;
  _handlePublish(packet: PublishPacket, done: () => void): void;
  _sendPacket(packet: { readonly cmd: "puback"; readonly messageId: number }): void;
}
