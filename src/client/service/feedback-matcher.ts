/** Finds the feedback of this run's messages in a queue that the whole hub shares. */

import { HeldFeedback } from "./held-feedback.ts";
import type { FeedbackBatch, ReceivedFeedback } from "./service-connection.ts";

/**
 * Matches records by device id and message id. A batch that holds only records of this run's
 * messages is completed. One that holds others' too is kept unsettled until `finish`.
 */
export class FeedbackMatcher {
  /** How many records are still waited for, by message; 0 stays, for the message stays ours. */
  readonly #waiting = new Map<string, number>();
  readonly #held = new HeldFeedback();
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
    const isAgain = this.#held.has(batch);
    const isOurs = batch.records.every((record) => this.#waiting.has(keyOfRecord(record)));
    if (isOurs) this.#held.complete(batch);
    else this.#held.hold(batch);
    return isAgain ? [] : batch.records.filter((record) => this.#take(keyOfRecord(record)));
  }

  /** Gives back, once, what belongs to others. Batches that come later are left alone. */
  finish(): void {
    this.#isFinished = true;
    this.#held.release();
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
