import { type OptionRange, validateOptions } from "../core/hub-options.ts";
import {
  ACK_PROPERTY,
  ACKS,
  type Ack,
  type Message,
  type SystemProperties,
  splitAck,
} from "../core/message.ts";

/** A cloud-to-device message, with the names of IoT Hub's documentation. Absent is not sent. */
export interface MessageToSend {
  /**
   * Text goes as UTF-8, bytes as they are. Anything else goes as JSON, with the content type
   * application/json and the content encoding utf-8 unless others are given. Default: no bytes.
   */
  readonly body?: unknown;
  /**
   * Application properties. As over AMQP, any name is accepted, and `iothub-ack` requests feedback:
   * it is the same as `ack`.
   */
  readonly properties?: Readonly<Record<string, string>>;
  /** At most 128 characters. */
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** A time of the hub's clock, in milliseconds since the epoch. Default: the hub's time to live. */
  readonly expiryTimeUtcMs?: number;
  /** Default none. */
  readonly ack?: Ack;
}

const TEXT: OptionRange = { text: "a string", includes: (value) => typeof value === "string" };

const RANGES: Readonly<Record<keyof MessageToSend, OptionRange>> = {
  body: {
    text: "a string, bytes, or a value without a cycle that JSON can express",
    includes: (value) => value === undefined || isJson(value),
  },
  properties: {
    text: "an object in which each value is a string",
    // A list or a Map has no properties of its own.
    includes: (value) => typeof value === "object" && value !== null && !(Symbol.iterator in value),
    items: TEXT,
  },
  messageId: TEXT,
  correlationId: TEXT,
  userId: TEXT,
  contentType: TEXT,
  contentEncoding: TEXT,
  expiryTimeUtcMs: { text: "a number of milliseconds", includes: Number.isFinite },
  ack: { text: ACKS.join(", "), includes: (value) => ACKS.some((ack) => ack === value) },
};

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

const NO_SECOND_ACK: OptionRange = {
  text: `omitted if properties has ${ACK_PROPERTY}`,
  includes: () => false,
};

/** @throws InvalidOptionError; HubError ArgumentInvalid */
export function toMessage(message: MessageToSend): Message {
  validateOptions(message, RANGES);
  const { body, properties: givenProperties = {}, ...given } = message;
  // A copy: the caller may go on changing its own.
  const { properties, ...ack } = splitAck({ ...givenProperties });
  if (ack.ack) validateOptions({ ack: given.ack }, { ack: NO_SECOND_ACK });
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const system: SystemProperties = { ...Object.fromEntries(entries), ...ack };
  if (body === undefined) return { system, properties, body: new Uint8Array() };
  if (typeof body === "string") return { system, properties, body: Buffer.from(body) };
  if (body instanceof Uint8Array) return { system, properties, body: Uint8Array.from(body) };
  const json = { contentType: "application/json", contentEncoding: "utf-8" };
  return { system: { ...json, ...system }, properties, body: Buffer.from(JSON.stringify(body)) };
}

/** What the sender gave. */
export interface MessageContent {
  readonly body: Uint8Array;
  readonly properties: Message["properties"];
  readonly system: SystemProperties;
}

/** A copy: the hub's own must not change. */
export function fromMessage({ body, properties, system }: Message): MessageContent {
  return { body: Uint8Array.from(body), properties: { ...properties }, system: { ...system } };
}
