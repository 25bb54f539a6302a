/** Remembers which messages this run has printed, to mark duplicates. */

import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { asBuffer } from "../../../core/encodings.ts";

/** More than one connection can hold, so every possible redelivery is covered. */
export const WINDOW_SIZE = 10_000;

const MAX_KEY_LENGTH = 512;

export class DuplicateWindow {
  /** Message key to the connection it was printed from, oldest first. */
  readonly #seen = new Map<string, number>();
  /** One iterator: a new one would step over all that was deleted before. */
  readonly #oldest = this.#seen.keys();

  /**
   * Without a sequence number, equal content is a duplicate only if marked as redelivered, or with
   * an id over a later connection: MQTT marks nothing after a reconnect.
   */
  has(message: ReceivedMessage, connection: number): boolean {
    return isAgain(message, connection, this.#seen.get(messageKey(message)));
  }

  /** Remembers it as printed, and returns whether it had been printed before, as `has` does. */
  mark(message: ReceivedMessage, connection: number): boolean {
    const key = messageKey(message);
    const printedFrom = this.#seen.get(key);
    if (printedFrom !== undefined) this.#seen.delete(key);
    this.#seen.set(key, connection);
    if (this.#seen.size > WINDOW_SIZE) this.#seen.delete(this.#oldest.next().value ?? "");
    return isAgain(message, connection, printedFrom);
  }
}

function isAgain(
  message: ReceivedMessage,
  connection: number,
  printedFrom: number | undefined,
): boolean {
  if (printedFrom === undefined) return false;
  if (message.sequenceNumber !== undefined || message.isRedelivered) return true;
  return message.system.messageId !== undefined && connection > printedFrom;
}

export function messageKey({
  sequenceNumber,
  enqueuedTimeUtcMs,
  system,
  properties,
  body,
}: ReceivedMessage): string {
  if (sequenceNumber !== undefined) return `${sequenceNumber}@${enqueuedTimeUtcMs}`;
  const head = JSON.stringify([enqueuedTimeUtcMs, system, properties]);
  // What is short is its own key: hashing it takes longer.
  if (head.length + body.length <= MAX_KEY_LENGTH) return head + asBuffer(body).toString("latin1");
  return createHash("sha256").update(head).update(body).digest("base64");
}
