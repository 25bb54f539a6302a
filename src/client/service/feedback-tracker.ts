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
  /** Records still awaited. */
  awaited: number;
  readonly acceptedAtMs: number[];
  readonly early: { readonly record: ReceivedFeedback; readonly arrivedAtMs: number }[];
}

/** Messages to remember once no record is awaited: a redelivered one is still this run's. */
const MAX_FINISHED = 10_000;

/** Settles batches that hold only records of this run's messages; keeps others until `finish`. */
export class FeedbackTracker {
  readonly #tracked = new Map<string, Tracked>();
  /** Keys, oldest first. */
  readonly #finished = new Set<string>();
  readonly #held = new HeldFeedback();
  readonly #onFeedback: (feedback: MatchedFeedback) => void;
  #awaited = 0;
  #isFinished = false;

  /** @param onFeedback Called once for each awaited record, after its message was accepted. */
  constructor(onFeedback: (feedback: MatchedFeedback) => void) {
    this.#onFeedback = onFeedback;
  }

  /** Records awaited of all messages. */
  get awaited(): number {
    return this.#awaited;
  }

  /** Call before the message is sent. */
  expect(deviceId: string, messageId: string): void {
    const key = keyOf(deviceId, messageId);
    this.#awaited += 1;
    const tracked = this.#tracked.get(key);
    if (tracked) tracked.awaited += 1;
    else this.#tracked.set(key, { deviceId, messageId, awaited: 1, acceptedAtMs: [], early: [] });
  }

  accepted(deviceId: string, messageId: string, atMs: number): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    const early = tracked?.early.shift();
    if (!tracked || !early) return void tracked?.acceptedAtMs.push(atMs);
    this.#forgetIfDone(tracked);
    this.#report(early.record, early.arrivedAtMs - atMs);
  }

  cancel(deviceId: string, messageId: string): void {
    const tracked = this.#tracked.get(keyOf(deviceId, messageId));
    if (tracked && tracked.awaited > 0) this.#endWait(tracked);
  }

  add(batch: FeedbackBatch, nowMs: number): void {
    if (this.#isFinished) return;
    const isAgain = this.#held.has(batch);
    const isOurs =
      this.#held.isCompleted(batch) || batch.records.every((record) => this.#isOurs(record));
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

  /** Accepted messages are no longer awaited; their records are still this run's. */
  giveUp(): void {
    for (const tracked of this.#tracked.values()) {
      this.#awaited -= tracked.acceptedAtMs.length;
      tracked.awaited -= tracked.acceptedAtMs.length;
      tracked.acceptedAtMs.length = 0;
      this.#forgetIfDone(tracked);
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

  #isOurs({ deviceId, originalMessageId }: ReceivedFeedback): boolean {
    const key = keyOf(deviceId, originalMessageId);
    return this.#tracked.has(key) || this.#finished.has(key);
  }

  #take(record: ReceivedFeedback, nowMs: number): void {
    const tracked = this.#find(record);
    if (tracked === undefined || tracked.awaited === 0) return;
    const acceptedAtMs = tracked.acceptedAtMs.shift();
    if (acceptedAtMs === undefined) tracked.early.push({ record, arrivedAtMs: nowMs });
    this.#endWait(tracked);
    if (acceptedAtMs !== undefined) this.#report(record, nowMs - acceptedAtMs);
  }

  #endWait(tracked: Tracked): void {
    tracked.awaited -= 1;
    this.#awaited -= 1;
    this.#forgetIfDone(tracked);
  }

  #forgetIfDone({ deviceId, messageId, awaited, early }: Tracked): void {
    if (awaited > 0 || early.length > 0) return;
    const key = keyOf(deviceId, messageId);
    this.#tracked.delete(key);
    this.#finished.delete(key);
    this.#finished.add(key);
    const [oldest] = this.#finished;
    if (oldest !== undefined && this.#finished.size > MAX_FINISHED) this.#finished.delete(oldest);
  }

  #report(record: ReceivedFeedback, latencyMs: number): void {
    this.#onFeedback({ record, latencyMs: Math.max(0, latencyMs) });
  }
}

function keyOf(deviceId: string, messageId: string): string {
  return JSON.stringify([deviceId, messageId]);
}
