/** Finds the feedback of this run's messages in a queue that the whole hub shares. */

import type { FeedbackBatch, ReceivedFeedback } from "./service-connection.ts";

/**
 * Matches records by device id and message id. A batch that holds only records of this run's
 * messages is completed. One that holds others' too is kept unsettled until `finish`: given back at
 * once it would return at once, and be dead-lettered after ten rounds if nobody else reads.
 */
export class FeedbackMatcher {
  /** How many records are still waited for, by message; 0 stays, for the message stays ours. */
  readonly #waiting = new Map<string, number>();
  /** Batches seen, by their content; the value is what is still to be released. */
  readonly #seen = new Map<string, FeedbackBatch | undefined>();
  #pending = 0;
  #isFinished = false;

  /** Records still waited for. */
  get pendingCount(): number {
    return this.#pending;
  }

  /** Waits for one record of this message; call it before the message is sent. */
  expect(deviceId: string, messageId: string): void {
    const key = keyOf(deviceId, messageId);
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    this.#pending += 1;
  }

  /** Waits for one record less: the message was refused, or asked for no feedback after all. */
  cancel(deviceId: string, messageId: string): void {
    this.#take(keyOf(deviceId, messageId));
  }

  /**
   * Takes a batch and sees to its settlement.
   *
   * @returns The records that were waited for, each once, however often the hub delivers the batch.
   */
  add(batch: FeedbackBatch): readonly ReceivedFeedback[] {
    if (this.#isFinished) return [];
    const content = JSON.stringify(batch.records);
    const isAgain = this.#seen.has(content);
    const isOurs = batch.records.every((record) => this.#waiting.has(keyOfRecord(record)));
    if (isOurs) batch.complete();
    // Of a batch that is delivered again only the last delivery's lock is still good.
    this.#seen.set(content, isOurs ? undefined : batch);
    return isAgain ? [] : batch.records.filter((record) => this.#take(keyOfRecord(record)));
  }

  /** Gives back, once, what belongs to others. Batches that come later are left alone. */
  finish(): void {
    this.#isFinished = true;
    for (const batch of this.#seen.values()) batch?.release();
    this.#seen.clear();
  }

  #take(key: string): boolean {
    const count = this.#waiting.get(key) ?? 0;
    if (count === 0) return false;
    this.#waiting.set(key, count - 1);
    this.#pending -= 1;
    return true;
  }
}

function keyOfRecord({ deviceId, originalMessageId }: ReceivedFeedback): string {
  return keyOf(deviceId, originalMessageId);
}

function keyOf(deviceId: string, messageId: string): string {
  return JSON.stringify([deviceId, messageId]);
}
