import { HeldFeedback } from "./held-feedback.ts";
import type { FeedbackBatch, ReceivedFeedback } from "./service-connection.ts";

export interface MatchedFeedback {
  readonly record: ReceivedFeedback;
  readonly latencyMs: number;
}

export interface PendingMessage {
  readonly deviceId: string;
  readonly messageId: string;
}

/** All messages with one id to one device. Times in milliseconds since the epoch. */
interface Tracked extends PendingMessage {
  /** Records still awaited; with 0 the messages are still this run's. */
  awaited: number;
  readonly acceptedAtMs: number[];
  readonly early: { readonly record: ReceivedFeedback; readonly arrivedAtMs: number }[];
}

/** Settles batches that hold only records of this run's messages; keeps others until `finish`. */
export class FeedbackTracker {
  readonly #tracked = new Map<string, Tracked>();
  readonly #held = new HeldFeedback();
  readonly #onFeedback: (feedback: MatchedFeedback) => void;
  #isFinished = false;

  /** @param onFeedback Called once for each awaited record, after its message was accepted. */
  constructor(onFeedback: (feedback: MatchedFeedback) => void) {
    this.#onFeedback = onFeedback;
  }

  /** Call before the message is sent. */
  expect(deviceId: string, messageId: string): void {
    const key = keyOf(deviceId, messageId);
    const tracked = this.#tracked.get(key);
    if (tracked) tracked.awaited += 1;
    else this.#tracked.set(key, { deviceId, messageId, awaited: 1, acceptedAtMs: [], early: [] });
  }

  accepted(deviceId: string, messageId: string, atMs: number): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    const early = tracked?.early.shift();
    if (early) this.#report(early.record, early.arrivedAtMs - atMs);
    else tracked?.acceptedAtMs.push(atMs);
  }

  cancel(deviceId: string, messageId: string): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    if (tracked && tracked.awaited > 0) tracked.awaited -= 1;
  }

  add(batch: FeedbackBatch, nowMs: number): void {
    if (this.#isFinished) return;
    const isAgain = this.#held.has(batch);
    const isOurs = batch.records.every((record) => this.#find(record) !== undefined);
    if (isOurs) this.#held.complete(batch);
    else this.#held.hold(batch);
    if (isAgain) return;
    for (const record of batch.records) this.#take(record, nowMs);
  }

  *pending(): Generator<PendingMessage> {
    for (const { deviceId, messageId, acceptedAtMs } of this.#tracked.values()) {
      for (const _ of acceptedAtMs) yield { deviceId, messageId };
    }
  }

  /** Later batches are ignored. */
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
