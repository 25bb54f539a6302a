/** Finds the feedback of one run's messages in the hub-wide feedback queue. */

import { HeldFeedback } from "./held-feedback.ts";
import type { FeedbackBatch, ReceivedFeedback } from "./service-connection.ts";

/** The feedback of a message of this run. */
export interface MatchedFeedback {
  readonly record: ReceivedFeedback;
  /** From the hub's acceptance of the message to the arrival of its record. */
  readonly latencyMs: number;
}

/** An accepted message without feedback. */
export interface PendingMessage {
  readonly deviceId: string;
  readonly messageId: string;
}

/** All messages with one id to one device. Times in milliseconds since the epoch. */
interface Tracked extends PendingMessage {
  /** Records still awaited; with 0 the messages are still this run's. */
  awaited: number;
  /** Of the accepted messages without a record, in their order. */
  readonly acceptedAtMs: number[];
  /** Records that arrived before their message was reported as accepted. */
  readonly early: { readonly record: ReceivedFeedback; readonly arrivedAtMs: number }[];
}

/**
 * Matches records by device id and message id. A batch that holds only records of this run's
 * messages is completed. One that holds others' too is kept unsettled until `finish`.
 */
export class FeedbackTracker {
  readonly #tracked = new Map<string, Tracked>();
  readonly #held = new HeldFeedback();
  readonly #onFeedback: (feedback: MatchedFeedback) => void;
  #isFinished = false;

  /** @param onFeedback Called once for each record that was awaited, after its message was accepted. */
  constructor(onFeedback: (feedback: MatchedFeedback) => void) {
    this.#onFeedback = onFeedback;
  }

  /** Awaits one record of this message; call before the message is sent. */
  expect(deviceId: string, messageId: string): void {
    const key = keyOf(deviceId, messageId);
    const tracked = this.#tracked.get(key);
    if (tracked) tracked.awaited += 1;
    else this.#tracked.set(key, { deviceId, messageId, awaited: 1, acceptedAtMs: [], early: [] });
  }

  /** The hub has accepted an expected message. */
  accepted(deviceId: string, messageId: string, atMs: number): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    const early = tracked?.early.shift();
    if (early) this.#report(early.record, early.arrivedAtMs - atMs);
    else tracked?.acceptedAtMs.push(atMs);
  }

  /** The hub has not accepted an expected message: one record less is awaited. */
  cancel(deviceId: string, messageId: string): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    if (tracked && tracked.awaited > 0) tracked.awaited -= 1;
  }

  /** Processes a batch and settles it, however often the hub delivers it. */
  add(batch: FeedbackBatch, nowMs: number): void {
    if (this.#isFinished) return;
    const isAgain = this.#held.has(batch);
    const isOurs = batch.records.every((record) => this.#find(record) !== undefined);
    if (isOurs) this.#held.complete(batch);
    else this.#held.hold(batch);
    if (isAgain) return;
    for (const record of batch.records) this.#take(record, nowMs);
  }

  /** The accepted messages whose record has not come. */
  *pending(): Generator<PendingMessage> {
    for (const { deviceId, messageId, acceptedAtMs } of this.#tracked.values()) {
      for (const _ of acceptedAtMs) yield { deviceId, messageId };
    }
  }

  /** Releases, once, batches that contain others' records. Later batches are ignored. */
  finish(): void {
    this.#isFinished = true;
    this.#held.release();
  }

  #find({ deviceId, originalMessageId }: ReceivedFeedback): Tracked | undefined {
    return this.#tracked.get(keyOf(deviceId, originalMessageId));
  }

  #take(record: ReceivedFeedback, nowMs: number): void {
    const tracked = this.#find(record);
    if (tracked === undefined || tracked.awaited === 0) return;
    tracked.awaited -= 1;
    const acceptedAtMs = tracked.acceptedAtMs.shift();
    if (acceptedAtMs === undefined) tracked.early.push({ record, arrivedAtMs: nowMs });
    else this.#report(record, nowMs - acceptedAtMs);
  }

  #report(record: ReceivedFeedback, latencyMs: number): void {
    this.#onFeedback({ record, latencyMs: Math.max(0, latencyMs) });
  }
}

function keyOf(deviceId: string, messageId: string): string {
  return JSON.stringify([deviceId, messageId]);
}
