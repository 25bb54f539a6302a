import type { IPublishPacket } from "mqtt-packet";
import { asBuffer } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import { encodeDeviceboundProperties } from "../../core/property-bag.ts";
import type { Entry } from "../../core/queue-entry.ts";
import { deviceboundTo, deviceboundTopic } from "../../core/resource-path.ts";

/** The connection assigns the packet id. */
export function toPublish(deviceId: string, entry: Entry<Message>, qos: 0 | 1): IPublishPacket {
  const { body } = entry.payload;
  const bag = encodeDeviceboundProperties(entry.payload, deviceboundTo(deviceId));
  return {
    cmd: "publish",
    topic: deviceboundTopic(deviceId, bag),
    payload: asBuffer(body),
    qos,
    dup: qos > 0 && entry.isRedelivered,
    retain: false,
  };
}
