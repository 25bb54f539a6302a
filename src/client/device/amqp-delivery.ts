import { ACKS, type SystemProperties } from "../../core/message.ts";
import {
  type AmqpMessage,
  present,
  toBytes,
  toNumber,
  toProperties,
  toSystemProperties,
} from "../connection/amqp-values.ts";
import type { ReceivedMessage } from "../connection/device-connection.ts";

const ACK_PROPERTY = "iothub-ack";

export function toReceivedMessage(amqp: AmqpMessage): ReceivedMessage {
  const { [ACK_PROPERTY]: ack, ...properties } = amqp.application_properties ?? {};
  const annotations = amqp.message_annotations ?? {};
  const deliveryCount = toNumber(annotations["iothub-deliverycount"]);
  return {
    system: { ...toSystemProperties(amqp), ...present("ack", toAck(ack)) },
    properties: toProperties(properties),
    malformed: [],
    body: toBytes(amqp.body),
    ...present("enqueuedTimeUtcMs", toNumber(annotations["iothub-enqueuedtime"])),
    ...present("sequenceNumber", toNumber(annotations["x-opt-sequence-number"])),
    ...present("deliveryCount", deliveryCount),
    isRedelivered: (deliveryCount ?? 0) > 0,
  };
}

function toAck(value: unknown): SystemProperties["ack"] {
  return ACKS.find((one) => one === value);
}
