/** AMQP messages to what the hub means by them, and back. Nothing here knows a link or a state. */

import rhea, { type AmqpError, type Message as AmqpMessage } from "rhea";
import {
  FEEDBACK_CONTENT_TYPE,
  type FeedbackRecord,
  formatFeedbackBatch,
} from "../../core/feedback.ts";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { type IdType, type Message, parseAck, type SystemProperties } from "../../core/message.ts";
import type { Entry, Settlement } from "../../core/message-queue.ts";
import { deviceboundTo, parseDeviceboundTo } from "../../core/resource-path.ts";
import { readId, writeId } from "./ids.ts";

const ACK_PROPERTY = "iothub-ack";

const DATA_SECTION = 0x75;

/** A body as rhea hands it over: a data section, several of them, or a plain value. */
interface DataSection {
  readonly typecode: number;
  readonly content: Buffer | readonly Buffer[];
}

/**
 * Reads a message that a service sends to a device.
 *
 * @throws HubError ArgumentInvalid when `to` names no device, or a field has a type the hub refuses.
 */
export function toCloudToDevice(amqp: AmqpMessage): { deviceId: string; message: Message } {
  const deviceId = amqp.to === undefined ? undefined : parseDeviceboundTo(amqp.to);
  if (deviceId === undefined) {
    throw new HubError("ArgumentInvalid", "'to' is not /devices/{id}/messages/devicebound.");
  }
  const { [ACK_PROPERTY]: ack, ...properties } = readApplicationProperties(amqp);
  const message: Message = {
    system: { ...readSystemProperties(amqp), ...(ack !== undefined && { ack: parseAck(ack) }) },
    properties,
    body: readBody(amqp.body),
  };
  return { deviceId, message };
}

/** A feedback batch as the SDKs read it. C# insists on the content type, the user id and the annotation. */
export function toFeedbackMessage(
  records: readonly FeedbackRecord[],
  { enqueuedTimeMs, hubName }: { readonly enqueuedTimeMs: number; readonly hubName: string },
): AmqpMessage {
  return {
    ...userId(hubName),
    content_type: FEEDBACK_CONTENT_TYPE,
    message_annotations: { "iothub-enqueuedtime": rhea.types.wrap_timestamp(enqueuedTimeMs) },
    body: rhea.message.data_section(Buffer.from(formatFeedbackBatch(records))),
  };
}

/** A message as a device receives it, annotated as the open IoT Edge hub does it (rule amqp-message). */
export function toDeviceMessage(
  deviceId: string,
  entry: Entry<Message>,
  lockToken: string,
): AmqpMessage {
  const { system, properties, body } = entry.payload;
  return {
    to: deviceboundTo(deviceId),
    ...toProperties(system),
    application_properties: { ...properties, ...(system.ack && { [ACK_PROPERTY]: system.ack }) },
    message_annotations: {
      "iothub-enqueuedtime": rhea.types.wrap_timestamp(entry.enqueuedTimeMs),
      "iothub-deliverycount": rhea.types.wrap_ubyte(entry.deliveryCount),
      "x-opt-sequence-number": rhea.types.wrap_ulong(entry.sequenceNumber),
      "x-opt-lock-token": lockToken,
    },
    body: rhea.message.data_section(Buffer.from(body)),
  };
}

/** The AMQP properties of a message, without its address. */
export function toProperties(system: SystemProperties): Partial<AmqpMessage> {
  return {
    ...toId("message_id", system.messageId, system.messageIdType),
    ...toId("correlation_id", system.correlationId, system.correlationIdType),
    ...(system.userId !== undefined && userId(system.userId)),
    ...(system.contentType !== undefined && { content_type: system.contentType }),
    ...(system.contentEncoding !== undefined && { content_encoding: system.contentEncoding }),
    ...(system.expiryTimeUtcMs !== undefined && {
      absolute_expiry_time: new Date(system.expiryTimeUtcMs),
    }),
  };
}

/** A refusal in the form Azure gives it: the condition, and JSON text that repeats it in numbers (rule amqp-outcome). */
export function toAmqpError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const hubError = toHubError(error);
  const { number, amqpCondition, message } = hubError;
  const timestampUtc = new Date(nowMs).toISOString();
  return {
    condition: amqpCondition,
    description: JSON.stringify({ errorCode: number, trackingId, message, timestampUtc }),
    info: {
      "com.microsoft:tracking-id": trackingId,
      "com.microsoft:error-code": number,
    },
  } as AmqpError;
}

/** A refusal in the form Event Hubs gives it: plain text. */
export function toEventHubError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const { amqpCondition, message } = toHubError(error);
  const timestamp = new Date(nowMs).toISOString();
  return {
    condition: amqpCondition,
    description: `${message} TrackingId:${trackingId}, Timestamp:${timestamp}`,
  } as AmqpError;
}

/** What a receiver's outcome asks of the queue (rule amqp-settle). */
export function toSettlement(event: "accepted" | "rejected" | "released" | "modified"): Settlement {
  if (event === "accepted") return "complete";
  return event === "rejected" ? "reject" : "abandon";
}

export function readSystemProperties(amqp: AmqpMessage): SystemProperties {
  const { to, user_id, content_type, content_encoding, absolute_expiry_time } = amqp;
  return {
    ...(to != null && { to }),
    ...idFields("messageId", amqp.message_id),
    ...idFields("correlationId", amqp.correlation_id),
    ...(user_id != null && { userId: readText(user_id) }),
    ...(content_type != null && { contentType: content_type }),
    ...(content_encoding != null && { contentEncoding: content_encoding }),
    ...(absolute_expiry_time != null && { expiryTimeUtcMs: Number(absolute_expiry_time) }),
  };
}

export function readApplicationProperties(amqp: AmqpMessage): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of Object.entries(amqp.application_properties ?? {})) {
    if (typeof value !== "string") {
      throw new HubError("ArgumentInvalid", `Application property '${name}' is not a string.`);
    }
    properties[name] = value;
  }
  return properties;
}

function idFields(field: "messageId" | "correlationId", id: unknown): SystemProperties {
  if (id === undefined || id === null) return {};
  const read = readId(id);
  if (read === undefined) {
    throw new HubError("ArgumentInvalid", `The ${field} is neither text, ulong, uuid nor bytes.`);
  }
  const { value, type } = read;
  return { [field]: value, ...(type !== "string" && { [`${field}Type`]: type }) };
}

function toId(
  field: "message_id" | "correlation_id",
  value: string | undefined,
  type: IdType = "string",
): Pick<AmqpMessage, typeof field> {
  return value === undefined ? {} : { [field]: writeId({ value, type }) };
}

/** The user id is binary; rhea's types know it as text. */
function userId(text: string): Pick<AmqpMessage, "user_id"> {
  return { user_id: Buffer.from(text) as unknown as string };
}

function readText(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString("utf8") : String(value);
}

export function readBody(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (isDataSection(body)) {
    return Buffer.isBuffer(body.content) ? body.content : Buffer.concat(body.content);
  }
  if (Buffer.isBuffer(body)) return body;
  if (typeof body === "string") return Buffer.from(body, "utf8");
  throw new HubError("ArgumentInvalid", "The body is neither data nor text.");
}

function isDataSection(body: unknown): body is DataSection {
  return (
    typeof body === "object" &&
    body !== null &&
    "typecode" in body &&
    body.typecode === DATA_SECTION
  );
}
