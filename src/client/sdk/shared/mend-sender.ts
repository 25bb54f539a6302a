/**
 * Puts right what the SDKs' AMQP sender links make of a message, and of the hub's answer to it.
 *
 * Why: they drop `userId`, re-encode ids that look like a UUID (an upper-case id then comes back
 * lower-case), drop application properties of two names, make another one a number and a third an
 * annotation, and take a message that the hub released or rejected without error for sent. So our
 * message travels within the SDK's as a property that is never sent, and is unpacked here, below it.
 */

import type { Message } from "../../../core/message.ts";

/** The application property that carries our message through the SDK's; never sent. */
export const CARRIER = "c2d-tools:message";

/** What the SDK hands to rhea. */
interface AmqpMessage {
  message_id?: string;
  correlation_id?: string;
  user_id?: Buffer;
  application_properties?: Record<string, unknown>;
}

type SendCallback = (error: Error | null, result?: object) => void;

export interface SenderLink {
  send(message: AmqpMessage, callback: SendCallback): void;
}

/** The hub released a message, or rejected it without saying why: it was not stored. */
class MessageReleasedError extends Error {
  override readonly name = "MessageReleasedError";

  constructor() {
    super("The hub gave the message back.");
  }
}

/** Whether `error` says that the hub gave the message back; the SDK has wrapped it. */
export function isMessageReleased(error: unknown): boolean {
  const isWrapped = typeof error === "object" && error !== null && "amqpError" in error;
  return isWrapped && error.amqpError instanceof MessageReleasedError;
}

export function mendSender(link: SenderLink): void {
  const send = link.send.bind(link);
  link.send = (message, callback) => {
    mendMessage(message);
    send(message, (error, result) => {
      const isUnclear = !error && result === undefined;
      callback(isUnclear ? new MessageReleasedError() : error, result);
    });
  };
}

function mendMessage(amqpMessage: AmqpMessage): void {
  const { [CARRIER]: carried, ...sdkProperties } = amqpMessage.application_properties ?? {};
  const { system, properties } = carried as Message;
  const { messageId, correlationId, userId } = system;
  if (messageId !== undefined) amqpMessage.message_id = messageId;
  if (correlationId !== undefined) amqpMessage.correlation_id = correlationId;
  if (userId !== undefined) amqpMessage.user_id = Buffer.from(userId);
  amqpMessage.application_properties = { ...sdkProperties, ...withoutNull(properties) };
}

/** AMQP has no property without value at IoT Hub, which takes only strings: it becomes empty. */
function withoutNull(properties: Message["properties"]): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, value ?? ""]));
}
