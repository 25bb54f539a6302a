/** What the page asks for, checked. */

import { parseEncodedBytes } from "../../../core/encodings.ts";
import { HubError } from "../../../core/hub-error.ts";
import { DURATION_RANGE, type OptionRange, validateOptions } from "../../../core/hub-options.ts";
import { isReservedName, type Message, parseAck } from "../../../core/message.ts";
import { type MessageToSend, toMessage } from "../../message-to-send.ts";
import type { SendRequest } from "../page-types.ts";

interface RequestedMessage {
  readonly deviceId: string;
  readonly message: Message;
}

const TEXT: OptionRange = { text: "a string", includes: (value) => typeof value === "string" };

const PROPERTIES: OptionRange = {
  text: "an object with strings",
  includes: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

const SEND_RANGES: Readonly<Record<keyof SendRequest, OptionRange>> = {
  deviceId: TEXT,
  body: TEXT,
  bodyEncoding: TEXT,
  contentType: TEXT,
  contentEncoding: TEXT,
  messageId: TEXT,
  correlationId: TEXT,
  userId: TEXT,
  properties: PROPERTIES,
  expiresInMs: DURATION_RANGE,
  ack: TEXT,
};

const CHANGE_RANGES = {
  isEnabled: { text: "true or false", includes: (value: unknown) => typeof value === "boolean" },
};

/** @throws HubError ArgumentInvalid; InvalidOptionError */
export function parseSend(request: unknown, nowMs: number): RequestedMessage {
  const given = requireFields<SendRequest>(request, SEND_RANGES);
  const { deviceId, body, bodyEncoding, expiresInMs, ack, ...others } = given;
  if (deviceId === undefined) throw new HubError("ArgumentInvalid", "The device id is missing.");
  const reserved = Object.keys(others.properties ?? {}).find(isReservedName);
  if (reserved !== undefined) {
    throw new HubError("ArgumentInvalid", `The name '${reserved}' is reserved by IoT Hub.`);
  }
  const message: MessageToSend = {
    ...others,
    ...(body !== undefined && { body: decodeBody(body, bodyEncoding) }),
    ...(expiresInMs !== undefined && { expiryTimeUtcMs: nowMs + expiresInMs }),
    ...(ack !== undefined && { ack: parseAck(ack) }),
  };
  return { deviceId, message: toMessage(message) };
}

/** @throws HubError ArgumentInvalid; InvalidOptionError */
export function parseChange(request: unknown): { readonly isEnabled: boolean } {
  const { isEnabled } = requireFields<{ isEnabled: boolean }>(request, CHANGE_RANGES);
  if (isEnabled === undefined) throw new HubError("ArgumentInvalid", "isEnabled is missing.");
  return { isEnabled };
}

/** Without those that are empty. */
function requireFields<T extends object>(
  request: unknown,
  ranges: Readonly<Record<keyof T & string, OptionRange>>,
): Partial<T> {
  validateOptions(request as object, ranges);
  const given = Object.entries(request as object).filter(([, value]) => value !== "");
  return Object.fromEntries(given) as Partial<T>;
}

function decodeBody(text: string, encoding = "utf8"): Uint8Array {
  if (encoding === "utf8") return Buffer.from(text);
  const isKnown = encoding === "hex" || encoding === "base64";
  const bytes = isKnown ? parseEncodedBytes(text, encoding) : undefined;
  if (bytes !== undefined) return bytes;
  throw new HubError("ArgumentInvalid", `The body is not valid ${encoding}.`);
}
