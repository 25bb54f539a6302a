/**
 * Carries our message through the SDK's, as a property that is taken out again before the message is
 * encoded. An SDK that lets it through to be encoded fails: no encoding of it comes to an end.
 */

import type { Message } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";

/** The application property that carries it; never sent. */
const MESSAGE_PROPERTY = "c2d-tools:message";

interface SdkMessage {
  readonly properties: { add(name: string, value: string): unknown };
}

/** How the SDK may come to encode an object: by its own properties, or as text. */
const ENCODINGS = ["message", "toString", "valueOf", Symbol.toPrimitive] as const;

class EmbeddedMessage {
  readonly #message: Message;

  constructor(message: Message, notExtracted: () => IncompatiblePackage) {
    this.#message = message;
    const get = (): never => {
      throw notExtracted();
    };
    for (const name of ENCODINGS) Object.defineProperty(this, name, { enumerable: true, get });
  }

  /** Nothing: an SDK makes JSON of a message for its log. */
  toJSON(): undefined {}

  /** Undefined when nothing is embedded. */
  static in(value: unknown): Message | undefined {
    return value instanceof EmbeddedMessage ? value.#message : undefined;
  }
}

/** @param notExtracted The error of an SDK that goes round the place where the message is taken out. */
export function embedMessage(
  message: Message,
  sdkMessage: SdkMessage,
  notExtracted: () => IncompatiblePackage,
): void {
  const embedded: unknown = new EmbeddedMessage(message, notExtracted);
  // The SDKs hand on the value of a property as it is.
  sdkMessage.properties.add(MESSAGE_PROPERTY, embedded as string);
}

/** The message embedded, and the other properties. */
export function extractMessage(properties: Readonly<Record<string, unknown>>): {
  readonly message: Message | undefined;
  readonly others: Readonly<Record<string, unknown>>;
} {
  const { [MESSAGE_PROPERTY]: embedded, ...others } = properties;
  return { message: EmbeddedMessage.in(embedded), others };
}
