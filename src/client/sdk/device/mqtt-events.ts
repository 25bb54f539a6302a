/**
 * Fixes how azure-iot-device-mqtt publishes events.
 *
 * The SDK writes a property without value as "null", drops two property names, breaks the
 * connection on a topic that is too long for MQTT, and treats an event as lost when it is not
 * acknowledged within 30 s. mqtt.js keeps unacknowledged events for a reconnect that never happens
 * here: an orderly close would wait for them, and a forced one would report nothing.
 */

import type { Message as SdkMessage } from "azure-iot-common";
import type { Mqtt } from "azure-iot-device-mqtt";
import type { Message, PropertyValue } from "../../../core/message.ts";
import { encodePropertyBag } from "../../../core/property-bag.ts";
import { internals, method } from "../../../dependencies/internals.ts";
import { embedMessage } from "../shared/message-property.ts";
import { type MqttClient, OUTGOING } from "./mqtt-client.ts";
import { MQTT_BASE } from "./mqtt-provider.ts";
import { createSdkMessage } from "./sdk-message.ts";

/** The length of an MQTT string is encoded in 16 bits. */
const MAX_TOPIC_BYTES = 65_535;

/** Longer than any message timeout of a sender. */
const NO_TIMEOUT_SECONDS = Number.MAX_SAFE_INTEGER;

export class TopicTooLongError extends Error {
  override readonly name = "TopicTooLongError";

  constructor(bytes: number) {
    super(`The properties need ${bytes} bytes in the topic; MQTT allows ${MAX_TOPIC_BYTES}.`);
  }
}

const TRANSPORT = internals(["azure-iot-device-mqtt"], "Mqtt (transport)", {
  _mqtt: MQTT_BASE,
  _getEventTopicFromMessage: method<(message: SdkMessage) => string>(),
});

export interface MqttEvents {
  /** @throws TopicTooLongError */
  toSdkMessage(message: Message): SdkMessage;
}

export function hookMqttEvents(transport: Mqtt): MqttEvents {
  const inside = TRANSPORT.of(transport);
  const topicOfSystem = inside._getEventTopicFromMessage.bind(inside);
  const topics = new WeakMap<SdkMessage, string>();
  inside._mqtt.setTimeout(NO_TIMEOUT_SECONDS);
  inside._getEventTopicFromMessage = (sdkMessage) =>
    topics.get(sdkMessage) ?? topicOfSystem(sdkMessage);
  return {
    toSdkMessage(message) {
      const sdkMessage = createSdkMessage(message);
      const topic = appendBag(topicOfSystem(sdkMessage), message.properties);
      const bytes = Buffer.byteLength(topic);
      if (bytes > MAX_TOPIC_BYTES) throw new TopicTooLongError(bytes);
      topics.set(sdkMessage, topic);
      // A topic built elsewhere would lack the properties.
      embedMessage(message, sdkMessage, () =>
        TRANSPORT.fault("._getEventTopicFromMessage", "does not build the event topics"),
      );
      return sdkMessage;
    },
  };
}

export function failOutgoing({ outgoing }: MqttClient): void {
  for (const [id, waiting] of Object.entries(outgoing)) {
    const { cb } = OUTGOING.of(waiting);
    delete outgoing[Number(id)];
    cb(new Error("The connection closed before the hub acknowledged the message."));
  }
}

function appendBag(topic: string, properties: Readonly<Record<string, PropertyValue>>): string {
  const bag = encodePropertyBag(properties);
  return bag === "" || topic.endsWith("/") ? topic + bag : `${topic}&${bag}`;
}
