import rhea, { type Message as AmqpMessage } from "rhea";
import { asBuffer } from "../../core/encodings.ts";
import type { FeedbackRecord } from "../../core/feedback.ts";
import { FEEDBACK_CONTENT_TYPE, formatFeedbackBatch } from "../../core/feedback-batch.ts";
import { HubError } from "../../core/hub-error.ts";
import { ACK_PROPERTY, type Message, splitAck } from "../../core/message.ts";
import type { Entry } from "../../core/queue-entry.ts";
import { deviceboundTo, parseDeviceboundTo } from "../../core/resource-path.ts";
import {
  readApplicationProperties,
  readBody,
  readSystemProperties,
  toProperties,
  toUserId,
} from "./message-fields.ts";

/**
 * @throws HubError ArgumentInvalid when `to` names no device, or a field has an unsupported type.
 */
export function toCloudToDevice(amqp: AmqpMessage): { deviceId: string; message: Message } {
  const deviceId = amqp.to === undefined ? undefined : parseDeviceboundTo(amqp.to);
  if (deviceId === undefined) {
    throw new HubError("ArgumentInvalid", "'to' is not /devices/{id}/messages/devicebound.");
  }
  const system = readSystemProperties(amqp);
  const body = readBody(amqp.body);
  const { properties, ack } = splitAck(readApplicationProperties(amqp));
  const message = { system: ack === undefined ? system : { ack, ...system }, properties, body };
  return { deviceId, message };
}

/** C# requires the content type, the user id and the annotation. */
export function toFeedbackMessage(
  records: readonly FeedbackRecord[],
  { enqueuedTimeMs, hubName }: { readonly enqueuedTimeMs: number; readonly hubName: string },
): AmqpMessage {
  return {
    user_id: toUserId(hubName),
    content_type: FEEDBACK_CONTENT_TYPE,
    message_annotations: { "iothub-enqueuedtime": rhea.types.wrap_timestamp(enqueuedTimeMs) },
    body: rhea.message.data_section(Buffer.from(formatFeedbackBatch(records))),
  };
}

/** The annotations are those of the open IoT Edge hub (rule amqp-message). */
export function toDeviceMessage(
  deviceId: string,
  entry: Entry<Message>,
  lockToken: string,
): AmqpMessage {
  const { system, properties, body } = entry.payload;
  return {
    to: deviceboundTo(deviceId),
    ...toProperties(system),
    application_properties: system.ack
      ? { [ACK_PROPERTY]: system.ack, ...properties }
      : { ...properties },
    message_annotations: {
      "iothub-enqueuedtime": rhea.types.wrap_timestamp(entry.enqueuedTimeMs),
      "iothub-deliverycount": rhea.types.wrap_ubyte(entry.deliveryCount),
      "x-opt-sequence-number": rhea.types.wrap_ulong(entry.sequenceNumber),
      "x-opt-lock-token": lockToken,
    },
    body: rhea.message.data_section(asBuffer(body)),
  };
}
