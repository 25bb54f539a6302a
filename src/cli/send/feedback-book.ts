/** Who waits for which feedback, and how long it took: one run's part of the hub's feedback. */

import { FeedbackMatcher } from "../../client/service/feedback-matcher.ts";
import type { FeedbackBatch, ReceivedFeedback } from "../../client/service/service-connection.ts";

/** The feedback of a message of this run. */
export interface MatchedFeedback {
  readonly record: ReceivedFeedback;
  /** From the hub's acceptance of the message to the arrival of its record. */
  readonly latencyMs: number;
}

/** An accepted message of which nothing more is known. */
export interface PendingMessage {
  readonly deviceId: string;
  readonly messageId: string;
}

export class FeedbackBook {
  readonly #matcher = new FeedbackMatcher();
  /** When each message was accepted; several of one id in their order. */
  readonly #acceptedAtMs = new Map<string, number[]>();
  /** Records that overtook the news of their message's acceptance. */
  readonly #early = new Map<string, { record: ReceivedFeedback; arrivedAtMs: number }[]>();
  readonly #onFeedback: (feedback: MatchedFeedback) => void;

  constructor(onFeedback: (feedback: MatchedFeedback) => void) {
    this.#onFeedback = onFeedback;
  }

  /** Records still waited for. */
  get pendingCount(): number {
    return this.#matcher.pendingCount;
  }

  /** Before the message is sent. */
  expect(deviceId: string, messageId: string): void {
    this.#matcher.expect(deviceId, messageId);
  }

  accepted(deviceId: string, messageId: string, atMs: number): void {
    const key = keyOf(deviceId, messageId);
    const early = this.#early.get(key)?.shift();
    if (early) this.#tell(early.record, early.arrivedAtMs - atMs);
    else this.#acceptedAtMs.set(key, [...(this.#acceptedAtMs.get(key) ?? []), atMs]);
  }

  /** The hub did not take the message. */
  cancel(deviceId: string, messageId: string): void {
    this.#matcher.cancel(deviceId, messageId);
  }

  add(batch: FeedbackBatch, nowMs: number): void {
    for (const record of this.#matcher.add(batch)) this.#take(record, nowMs);
  }

  /** The accepted messages whose record has not come. */
  *pending(): Generator<PendingMessage> {
    for (const [key, times] of this.#acceptedAtMs) {
      const [deviceId = "", messageId = ""] = JSON.parse(key) as string[];
      for (const _ of times) yield { deviceId, messageId };
    }
  }

  /** Gives back, once, what belongs to others. */
  finish(): void {
    this.#matcher.finish();
  }

  #take(record: ReceivedFeedback, nowMs: number): void {
    const key = keyOf(record.deviceId, record.originalMessageId);
    const acceptedAtMs = this.#acceptedAtMs.get(key)?.shift();
    if (acceptedAtMs !== undefined) {
      this.#tell(record, nowMs - acceptedAtMs);
      return;
    }
    const early = this.#early.get(key) ?? [];
    this.#early.set(key, [...early, { record, arrivedAtMs: nowMs }]);
  }

  #tell(record: ReceivedFeedback, latencyMs: number): void {
    this.#onFeedback({ record, latencyMs: Math.max(0, latencyMs) });
  }
}

function keyOf(deviceId: string, messageId: string): string {
  return JSON.stringify([deviceId, messageId]);
}
