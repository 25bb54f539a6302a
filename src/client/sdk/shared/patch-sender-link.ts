/**
 * Puts right what the SDKs' AMQP sender links make of a message, and of the hub's answer to it.
 *
 * Why: they drop `userId`, re-encode ids that look like a UUID (an upper-case id then comes back
 * lower-case), drop application properties of two names, make another one a number and a third an
 * annotation, and take a message that the hub released or rejected without error for sent. So our
 * message travels within the SDK's, and is unpacked here, below it.
 */

import type { Message } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";
import type { AmqpInternals, AmqpSenderLink, SdkAmqpMessage } from "./amqp-internals.ts";
import { extractMessage } from "./message-property.ts";

/** The hub released a message, or rejected it without saying why: it was not stored. */
class MessageReleasedError extends Error {
  override readonly name = "MessageReleasedError";

  constructor() {
    super("The hub released the message.");
  }
}

/** Whether `error` says that the hub gave the message back; the SDK has wrapped it. */
export function isMessageReleased(error: unknown): boolean {
  const isWrapped = typeof error === "object" && error !== null && "amqpError" in error;
  return isWrapped && error.amqpError instanceof MessageReleasedError;
}

type SenderLinks = AmqpInternals["senderLink"];

export function patchSenderLink(link: AmqpSenderLink, links: SenderLinks): void {
  const send = link.send.bind(link);
  link.send = (amqpMessage, callback) => {
    const { message, others } = extractMessage(amqpMessage.application_properties ?? {});
    if (message === undefined) return callback(notIntercepted(links));
    fillMessage(amqpMessage, message, others);
    send(amqpMessage, (error, result) => {
      const isUnclear = !error && result === undefined;
      callback(isUnclear ? new MessageReleasedError() : error, result);
    });
  };
}

/** The error of an SDK that sends messages by another way. */
export function notIntercepted(links: SenderLinks): IncompatiblePackage {
  return links.fault(".send", "does not receive every message that is sent");
}

function fillMessage(
  amqpMessage: SdkAmqpMessage,
  message: Message,
  others: Readonly<Record<string, unknown>>,
): void {
  const { messageId, correlationId, userId } = message.system;
  if (messageId !== undefined) amqpMessage.message_id = messageId;
  if (correlationId !== undefined) amqpMessage.correlation_id = correlationId;
  if (userId !== undefined) amqpMessage.user_id = Buffer.from(userId);
  amqpMessage.application_properties = { ...others, ...withoutNull(message.properties) };
}

/** AMQP has no property without value at IoT Hub, which takes only strings: it becomes empty. */
function withoutNull(properties: Message["properties"]): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value ?? ""]));
}
