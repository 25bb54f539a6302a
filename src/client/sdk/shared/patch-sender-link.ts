/**
 * Fixes how the SDKs' AMQP sender links encode a message, and how they read the hub's answer.
 *
 * They drop `userId`, re-encode ids that look like a UUID (an upper-case id then comes back
 * lower-case), drop two application property names, convert another to a number and a third to an
 * annotation, and report a message as sent that the hub released or rejected without error.
 */

import { type Message, setProperty } from "../../../core/message.ts";
import type { IncompatiblePackage } from "../../../dependencies/incompatible-package.ts";
import type { AmqpInternals, AmqpSenderLink, SdkAmqpMessage } from "./amqp-internals.ts";
import { extractMessage } from "./message-property.ts";

/** Also for a message that was rejected without an error. */
class MessageReleasedError extends Error {
  override readonly name = "MessageReleasedError";

  constructor() {
    super("The hub released the message.");
  }
}

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
  amqpMessage.application_properties = merged(others, message.properties);
}

/** Over AMQP IoT Hub accepts only string properties, so a property without value becomes empty. */
function merged(others: Readonly<Record<string, unknown>>, own: Message["properties"]) {
  const all: Record<string, unknown> = {};
  for (const name in others) setProperty(all, name, others[name]);
  for (const name in own) setProperty(all, name, own[name] ?? "");
  return all;
}
