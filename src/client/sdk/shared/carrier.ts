/**
 * Carries our message through the SDK's, as a property that is taken out again before the message is
 * encoded. An SDK that lets it through to be encoded fails: no encoding of it comes to an end.
 */

import type { Message } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";

/** The application property that carries it; never sent. */
const CARRIER = "c2d-tools:message";

interface SdkMessage {
  readonly properties: { add(name: string, value: string): unknown };
}

/** How the SDK may come to encode an object: by its own properties, or as text. */
const ENCODINGS = ["message", "toString", "valueOf", Symbol.toPrimitive] as const;

class CarriedMessage {
  readonly #message: Message;

  constructor(message: Message, notTakenOut: () => IncompatiblePackage) {
    this.#message = message;
    const get = (): never => {
      throw notTakenOut();
    };
    for (const name of ENCODINGS) Object.defineProperty(this, name, { enumerable: true, get });
  }

  /** Nothing: an SDK makes JSON of a message for its log. */
  toJSON(): undefined {}

  /** Undefined when nothing is carried. */
  static in(value: unknown): Message | undefined {
    return value instanceof CarriedMessage ? value.#message : undefined;
  }
}

/** @param notTakenOut The error of an SDK that goes round the place where the message is taken out. */
export function carry(
  message: Message,
  sdkMessage: SdkMessage,
  notTakenOut: () => IncompatiblePackage,
): void {
  const carried: unknown = new CarriedMessage(message, notTakenOut);
  // The SDKs hand on the value of a property as it is.
  sdkMessage.properties.add(CARRIER, carried as string);
}

/** The message carried, and the other properties. */
export function takeOut(properties: Readonly<Record<string, unknown>>): {
  readonly message: Message | undefined;
  readonly others: Readonly<Record<string, unknown>>;
} {
  const { [CARRIER]: carried, ...others } = properties;
  return { message: CarriedMessage.in(carried), others };
}
