import rhea, { type Message as AmqpMessage } from "rhea";
import { asBuffer } from "../../core/encodings.ts";
import type { PartitionProperties } from "../../core/events/event-log.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Telemetry, TelemetryProperties } from "../../core/message.ts";
import type { StoredEvent } from "../model/device-to-cloud.ts";
import {
  readApplicationProperties,
  readBody,
  readSystemProperties,
  toProperties,
} from "./message-fields.ts";

/** A batch: a message whose data sections are messages themselves (C SDK). */
const BATCH_FORMAT = 0x80013700;

const DEVICE_ANNOTATIONS = {
  "iothub-interface-id": "interfaceId",
  "dt-subject": "subject",
  "dt-dataschema": "schema",
  "iothub-creation-time-utc": "creationTimeUtc",
} as const satisfies Record<string, keyof TelemetryProperties>;

/**
 * One message, or a batch (rule d2c-amqp-batch).
 * @param message Bytes if the format is not AMQP's own.
 * @throws HubError ArgumentInvalid for another format, or a field with an unsupported type.
 */
export function toTelemetry(message: AmqpMessage | Buffer, format = 0): Telemetry[] {
  if (!Buffer.isBuffer(message)) return [toOne(message)];
  if (format !== BATCH_FORMAT) {
    throw new HubError("ArgumentInvalid", `The message format ${format} is not supported.`);
  }
  return dataSections(decode(message)).map((section) => toOne(decode(section)));
}

/** Rule event-message. */
export function toEventMessage(event: StoredEvent): AmqpMessage {
  const { deviceId, generationId, authMethod, telemetry } = event.payload;
  const { system, properties, body } = telemetry;
  const { interfaceId, subject, schema, creationTimeUtc } = system;
  const enqueuedTime = rhea.types.wrap_timestamp(event.enqueuedTimeMs);
  return {
    application_properties: properties,
    message_annotations: {
      "x-opt-sequence-number": rhea.types.wrap_long(event.sequenceNumber),
      "x-opt-offset": String(event.offset),
      "x-opt-enqueued-time": enqueuedTime,
      "iothub-connection-device-id": deviceId,
      "iothub-connection-auth-generation-id": generationId,
      "iothub-connection-auth-method": authMethod,
      "iothub-enqueuedtime": enqueuedTime,
      "iothub-message-source": "Telemetry",
      ...(interfaceId !== undefined && { "iothub-interface-name": interfaceId }),
      ...(subject !== undefined && { "dt-subject": subject }),
      ...(schema !== undefined && { "dt-dataschema": schema }),
      ...(creationTimeUtc !== undefined && { "iothub-creation-time-utc": creationTimeUtc }),
    },
    body: rhea.message.data_section(asBuffer(body)),
    ...toProperties(system),
    ...(system.to !== undefined && { to: system.to }),
  };
}

/** Sent with each event, if the reader requests them. */
export function toRuntimeMetric(properties: PartitionProperties, nowMs: number): object {
  const { wrap_long, wrap_timestamp } = rhea.types;
  return {
    last_enqueued_sequence_number: wrap_long(properties.lastSequenceNumber),
    last_enqueued_offset: String(properties.lastOffset),
    last_enqueued_time_utc: wrap_timestamp(properties.lastEnqueuedTimeMs ?? nowMs),
    runtime_info_retrieval_time_utc: wrap_timestamp(nowMs),
  };
}

function toOne(amqp: AmqpMessage): Telemetry {
  return {
    system: { ...readSystemProperties(amqp), ...readAnnotations(amqp) },
    properties: readApplicationProperties(amqp),
    body: readBody(amqp.body),
  };
}

function readAnnotations({ message_annotations = {} }: AmqpMessage): TelemetryProperties {
  const read = Object.entries(DEVICE_ANNOTATIONS).flatMap(([name, field]) => {
    const value: unknown = message_annotations[name];
    if (value === undefined || value === null) return [];
    return [[field, value instanceof Date ? value.toISOString() : String(value)]];
  });
  return Object.fromEntries(read);
}

function decode(bytes: Buffer): AmqpMessage {
  try {
    return rhea.message.decode(bytes) as unknown as AmqpMessage;
  } catch (error) {
    throw new HubError("ArgumentInvalid", "A message of the batch cannot be decoded.", {
      cause: error,
    });
  }
}

function dataSections({ body }: AmqpMessage): readonly Buffer[] {
  const content = (body as { readonly content?: Buffer | readonly Buffer[] } | undefined)?.content;
  if (content === undefined) throw new HubError("ArgumentInvalid", "The batch has no messages.");
  return Buffer.isBuffer(content) ? [content] : content;
}
