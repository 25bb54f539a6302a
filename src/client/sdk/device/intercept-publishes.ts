/**
 * Takes PUBLISH packets before the SDK sees them, and acknowledges them on request.
 *
 * mqtt.js sends PUBACK as soon as its `handleMessage` calls back, and delaying that call delays
 * every packet behind it, PINGRESP included, so a slow reader would lose its connection at the next
 * keep-alive. The SDK's parser splits values at every `=`, turns a name without value into
 * "undefined" and throws in an event handler at a bare `%`, which ends the process.
 */

import type { MqttClient, PublishPacket } from "./mqtt-client.ts";

export interface IncomingPublish {
  readonly topic: string;
  readonly payload: Buffer;
  readonly isDuplicate: boolean;
  /** Sends PUBACK. False when its connection has ended: then nothing was sent. */
  acknowledge(): boolean;
}

/** @param take Returns false to leave the packet to mqtt.js and the SDK. */
export function interceptPublishes(
  client: MqttClient,
  take: (publish: IncomingPublish) => boolean,
): void {
  const leave = client._handlePublish.bind(client);
  client._handlePublish = (packet, done) => {
    if (take(toIncomingPublish(client, packet))) done();
    else leave(packet, done);
  };
}

function toIncomingPublish(client: MqttClient, packet: PublishPacket): IncomingPublish {
  const { topic, payload, dup, messageId } = packet;
  return {
    topic: topic.toString(),
    payload: Buffer.from(payload),
    isDuplicate: dup,
    acknowledge() {
      if (!client.connected || client.disconnecting) return false;
      if (messageId !== undefined) client._sendPacket({ cmd: "puback", messageId });
      return true;
    },
  };
}
