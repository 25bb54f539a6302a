/**
 * Embeds our message in the SDK's, as a property that is extracted before the message is encoded.
 * If an SDK encodes the property all the same, the encoding throws, so it never reaches the wire.
 */

import type { Message } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";

const MESSAGE_PROPERTY = "c2d-tools:message";

interface SdkMessage {
  readonly properties: { add(name: string, value: string): unknown };
}

/** Members that an SDK reads to encode an object: its enumerable properties, or its text form. */
const ENCODINGS = ["message", "toString", "valueOf", Symbol.toPrimitive] as const;

class EmbeddedMessage {
  readonly #message: Message;
  readonly #notExtracted: () => IncompatiblePackage;

  static {
    const get = function (this: EmbeddedMessage): never {
      throw this.#notExtracted();
    };
    for (const name of ENCODINGS) {
      Object.defineProperty(EmbeddedMessage.prototype, name, { enumerable: true, get });
    }
  }

  constructor(message: Message, notExtracted: () => IncompatiblePackage) {
    this.#message = message;
    this.#notExtracted = notExtracted;
  }

  /** Undefined, because an SDK writes messages as JSON to its log. */
  toJSON(): undefined {}

  static in(value: unknown): Message | undefined {
    return value instanceof EmbeddedMessage ? value.#message : undefined;
  }
}

/** @param notExtracted The error for an SDK that bypasses the code that extracts the message. */
export function embedMessage(
  message: Message,
  sdkMessage: SdkMessage,
  notExtracted: () => IncompatiblePackage,
): void {
  const embedded: unknown = new EmbeddedMessage(message, notExtracted);
  // The SDKs pass on the value of a property unchanged.
  sdkMessage.properties.add(MESSAGE_PROPERTY, embedded as string);
}

export function extractMessage(properties: Readonly<Record<string, unknown>>): {
  readonly message: Message | undefined;
  readonly others: Readonly<Record<string, unknown>>;
} {
  const { [MESSAGE_PROPERTY]: embedded, ...others } = properties;
  return { message: EmbeddedMessage.in(embedded), others };
}
