/** Remembers which messages this run has printed, so that one that comes again is marked. */

import { createHash } from "node:crypto";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";

/** Messages remembered: more than one connection can hold, so whatever can come again is among them. */
const WINDOW_SIZE = 10_000;

export class DuplicateWindow {
  /** Key of a message to the connection it was printed from, oldest first. */
  readonly #seen = new Map<string, number>();

  /**
   * Whether the message has been printed in this run. A sequence number says so by itself. Without
   * one a message of the same content counts only when the protocol marks it as sent before, or when
   * it has an id and comes over a later connection (after a reconnect MQTT marks nothing): two equal
   * messages are otherwise two messages.
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

/** By what the hub counts, where the protocol carries it; else by what the message is. */
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
