/** A cloud-to-device message: its fields, its size and what the hub demands of both. */

import { HubError } from "./hub-error.ts";
import { MAX_CLOUD_TO_DEVICE_BYTES, MAX_MESSAGE_ID_LENGTH } from "./limits.ts";

/** Which outcomes of a message its sender wants feedback of. */
export type Ack = "none" | "positive" | "negative" | "full";

export const ACKS: readonly Ack[] = ["none", "positive", "negative", "full"];

/** An application property: `null` is a name that came without a value (MQTT's `name` without `=`). */
export type PropertyValue = string | null;

/** The AMQP type an id had, kept so that it is delivered with the type it was sent with. */
export type IdType = "string" | "uuid" | "ulong";

/** System properties, named as IoT Hub's documentation names them. What was not sent is absent. */
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

/** Bytes an expiry time counts for, whatever its form on the wire (SDK end-to-end tests). */
const EXPIRY_BYTES = 8;

/**
 * Size of a message as the hub counts it (rule c2d-size): body, values of system properties, names and values of
 * application properties, in bytes (devguide-messages-construct).
 */
export function messageSizeBytes(message: Message): number {
  const {
    messageId,
    correlationId,
    userId,
    to,
    contentType,
    contentEncoding,
    expiryTimeUtcMs,
    ack,
  } = message.system;
  const texts = [messageId, correlationId, userId, to, contentType, contentEncoding, ack];
  let size = message.body.length + (expiryTimeUtcMs === undefined ? 0 : EXPIRY_BYTES);
  for (const text of texts) size += byteLength(text);
  for (const [name, value] of Object.entries(message.properties)) {
    size += byteLength(name) + byteLength(value);
  }
  return size;
}

/**
 * Refuses what the hub refuses of a message, whichever way it came in.
 *
 * @throws HubError MessageTooLarge above 64 KB (rule c2d-size); ArgumentInvalid for a message id over
 * 128 characters (rule c2d-message-id) or an expiry that is no time.
 */
export function validateCloudToDeviceMessage(message: Message): void {
  const size = messageSizeBytes(message);
  if (size > MAX_CLOUD_TO_DEVICE_BYTES) {
    throw new HubError(
      "MessageTooLarge",
      `The message has ${size} bytes with its properties; a cloud-to-device message may have ${MAX_CLOUD_TO_DEVICE_BYTES}.`,
    );
  }
  if (!isDate(message.system.expiryTimeUtcMs ?? 0)) {
    throw new HubError("ArgumentInvalid", "The expiry time is not a time.");
  }
  if ((message.system.messageId?.length ?? 0) > MAX_MESSAGE_ID_LENGTH) {
    throw new HubError(
      "ArgumentInvalid",
      `A message id may have ${MAX_MESSAGE_ID_LENGTH} characters.`,
    );
  }
}

/**
 * Reads an `iothub-ack` value, in any case.
 *
 * @throws HubError ArgumentInvalid for anything but the four words.
 */
export function parseAck(text: string): Ack {
  const ack = ACKS.find((known) => known === text.toLowerCase());
  if (ack === undefined) {
    throw new HubError("ArgumentInvalid", `iothub-ack must be one of ${ACKS.join(", ")}.`);
  }
  return ack;
}

function isDate(timeMs: number): boolean {
  return !Number.isNaN(new Date(timeMs).getTime());
}

function byteLength(text: string | null | undefined): number {
  return text ? Buffer.byteLength(text) : 0;
}
