/** Remembers which messages this run has printed, to mark duplicates. */

import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";

/** Messages to remember: more than one connection can hold, so every possible redelivery is covered. */
const WINDOW_SIZE = 10_000;

export class DuplicateWindow {
  /** Message key to the connection it was printed from, oldest first. */
  readonly #seen = new Map<string, number>();

  /**
   * Whether the message has been printed in this run. A sequence number is conclusive. Without one,
   * a message with the same content counts only if the protocol marks it as redelivered, or if it has
   * an id and arrives over a later connection (MQTT marks nothing after a reconnect): otherwise two
   * equal messages are two messages.
   */
  has(message: ReceivedMessage, connection: number): boolean {
    const printedFrom = this.#seen.get(messageKey(message));
    if (printedFrom === undefined) return false;
    if (message.sequenceNumber !== undefined || message.isRedelivered) return true;
    return message.system.messageId !== undefined && connection > printedFrom;
  }

  add(message: ReceivedMessage, connection: number): void {
    const key = messageKey(message);
    this.#seen.delete(key);
    this.#seen.set(key, connection);
    if (this.#seen.size <= WINDOW_SIZE) return;
    const [oldest] = this.#seen.keys();
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** The sequence number if the protocol carries it, else a hash of the content. */
export function messageKey({
  sequenceNumber,
  enqueuedTimeUtcMs,
  system,
  properties,
  body,
}: ReceivedMessage): string {
  if (sequenceNumber !== undefined) return `${sequenceNumber}@${enqueuedTimeUtcMs}`;
  return createHash("sha256")
    .update(JSON.stringify([enqueuedTimeUtcMs, system, properties]))
    .update(body)
    .digest("base64");
}
