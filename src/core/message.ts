import { HubError } from "./hub-error.ts";
import {
  MAX_CLOUD_TO_DEVICE_BYTES,
  MAX_DEVICE_TO_CLOUD_BYTES,
  MAX_MESSAGE_ID_LENGTH,
} from "./limits.ts";

export type Ack = "none" | "positive" | "negative" | "full";

export const ACKS: readonly Ack[] = ["none", "positive", "negative", "full"];

/** An application property: `null` is a name without a value (MQTT's `name` without `=`). */
export type PropertyValue = string | null;

/** Kept, so that an id is delivered with the type it was sent with. */
export type IdType = "string" | "uuid" | "ulong";

/** System properties, with the names of IoT Hub's documentation. Absent if not sent. */
export interface SystemProperties {
  readonly messageId?: string;
  readonly messageIdType?: IdType;
  readonly correlationId?: string;
  readonly correlationIdType?: IdType;
  readonly userId?: string;
  readonly to?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Absolute, milliseconds since the epoch, UTC. */
  readonly expiryTimeUtcMs?: number;
  readonly ack?: Ack;
}

export interface Message {
  readonly system: SystemProperties;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly body: Uint8Array;
}

/** Of an application property: a plain assignment to `__proto__` would not create one. */
export function setProperty<T>(properties: Record<string, T>, name: string, value: T): void {
  if (name !== "__proto__") {
    properties[name] = value;
    return;
  }
  Object.defineProperty(properties, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** Only for messages from a device (construct, "system properties of D2C messages"). */
export interface TelemetryProperties extends SystemProperties {
  /** Becomes the event's `iothub-interface-name`. */
  readonly interfaceId?: string;
  /** The component; becomes the event's `dt-subject`. */
  readonly subject?: string;
  /** Becomes the event's `dt-dataschema`. */
  readonly schema?: string;
  /** As the device wrote it; becomes the event's `iothub-creation-time-utc`. */
  readonly creationTimeUtc?: string;
}

export interface Telemetry extends Message {
  readonly system: TelemetryProperties;
}

/** Of a JavaScript date, in milliseconds before and after the epoch. */
const MAX_DATE_MS = 8.64e15;

/** Size of an expiry time in any encoding, in bytes (SDK end-to-end tests). */
const EXPIRY_BYTES = 8;

/** Of UTF-8, for a unit of UTF-16. */
const MAX_CHARACTER_BYTES = 3;

/** As in devguide-messages-construct (rule c2d-size). */
export function messageSizeBytes(message: Message): number {
  return measure(message, Buffer.byteLength);
}

function measure({ system, properties, body }: Message, byteLength: (text: string) => number) {
  let size = body.length;
  for (const name in system) {
    const value = system[name as keyof SystemProperties];
    if (name === "messageIdType" || name === "correlationIdType") continue;
    size += typeof value === "number" ? EXPIRY_BYTES : byteLength(value ?? "");
  }
  for (const name in properties) size += byteLength(name) + byteLength(properties[name] ?? "");
  return size;
}

/** Few messages come near to it: what they have at most is found sooner than what they have. */
function isLargerThan(bytes: number, message: Message): boolean {
  const size = measure(message, ({ length }) => MAX_CHARACTER_BYTES * length);
  return size > bytes && messageSizeBytes(message) > bytes;
}

/** @throws HubError MessageTooLarge (rule c2d-size), ArgumentInvalid (rule c2d-message-id). */
export function validateCloudToDeviceMessage(message: Message): void {
  if (isLargerThan(MAX_CLOUD_TO_DEVICE_BYTES, message)) {
    throw new HubError(
      "MessageTooLarge",
      `The message has ${messageSizeBytes(message)} bytes including properties; the limit for a cloud-to-device message is ${MAX_CLOUD_TO_DEVICE_BYTES}.`,
    );
  }
  validateSystemProperties(message.system);
}

/** @throws HubError MessageTooLarge (rule d2c-size), ArgumentInvalid (rule c2d-message-id). */
export function validateTelemetry(batch: readonly Telemetry[]): void {
  const size = batch.reduce((sum, message) => sum + messageSizeBytes(message), 0);
  if (size > MAX_DEVICE_TO_CLOUD_BYTES) {
    const what = batch.length === 1 ? "The message has" : `The ${batch.length} messages have`;
    throw new HubError(
      "MessageTooLarge",
      `${what} ${size} bytes including properties; the limit for a device-to-cloud message or batch is ${MAX_DEVICE_TO_CLOUD_BYTES}.`,
    );
  }
  for (const { system } of batch) validateSystemProperties(system);
}

/** Of an application property: a sender should give a system property instead. */
export function isReservedName(name: string): boolean {
  return /^(iothub-|\$\.|dt-subject$)/i.test(name);
}

function validateSystemProperties({ expiryTimeUtcMs = 0, messageId = "" }: SystemProperties) {
  if (!isDate(expiryTimeUtcMs)) {
    throw new HubError("ArgumentInvalid", "The expiry time is not a valid time.");
  }
  if (messageId.length > MAX_MESSAGE_ID_LENGTH) {
    throw new HubError(
      "ArgumentInvalid",
      `A message id can have up to ${MAX_MESSAGE_ID_LENGTH} characters.`,
    );
  }
}

/** With this application property, a service requests feedback (rule feedback-ack). */
export const ACK_PROPERTY = "iothub-ack";

/**
 * The properties that a service gave, without the one that requests feedback.
 *
 * @throws HubError ArgumentInvalid
 */
export function splitAck(given: Readonly<Record<string, string>>): {
  readonly properties: Readonly<Record<string, string>>;
  readonly ack?: Ack;
} {
  // Most have none, and copying would cost more than all the rest.
  if (given[ACK_PROPERTY] === undefined) return { properties: given };
  const { [ACK_PROPERTY]: ack, ...properties } = given;
  return { properties, ack: parseAck(ack) };
}

/** @throws HubError ArgumentInvalid for anything but the four words, in any case. */
export function parseAck(text: string): Ack {
  const ack = ACKS.find((known) => known === text.toLowerCase());
  if (ack === undefined) {
    throw new HubError("ArgumentInvalid", `iothub-ack must be one of ${ACKS.join(", ")}.`);
  }
  return ack;
}

function isDate(timeMs: number): boolean {
  return Math.abs(timeMs) <= MAX_DATE_MS;
}
