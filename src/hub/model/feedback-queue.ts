/**
 * Consumers compete for batches of records (rule feedback-competing), which have their own locks,
 * TTL and delivery count (rules feedback-settle, feedback-lock, feedback-ttl).
 */

import { randomUUID } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { formatUtc } from "../../core/encodings.ts";
import type { FeedbackRecord } from "../../core/feedback.ts";
import { feedbackBatchDueMs } from "../../core/feedback-batch.ts";
import { HubError } from "../../core/hub-error.ts";
import { type CloudToDeviceSettings, MAX_FEEDBACK_BATCH_RECORDS } from "../../core/limits.ts";
import {
  advance,
  deliverNext,
  enqueue,
  type MessageQueue,
  nextDueMs,
  releaseLocks,
  type Step,
  settle,
} from "../../core/message-queue.ts";
import { endedLock, type Settlement } from "../../core/queue-entry.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import type { GuardedStore } from "../store/guard-store.ts";
import {
  deleteWaitingFeedback,
  type FeedbackPayload,
  feedbackQueueChanges,
  type HubState,
  type WaitingRecord,
} from "../store/records.ts";
import type { StoreChange } from "../store/store.ts";
import type { HubEvent, HubEventStream } from "./events.ts";
import type { Subscription } from "./subscription.ts";

export interface FeedbackDelivery {
  readonly lockToken: string;
  readonly records: FeedbackPayload;
  readonly enqueuedTimeMs: number;
}

interface FeedbackConsumer {
  hasCredit(): boolean;
  deliver(delivery: FeedbackDelivery): void;
  /** A lock of this consumer has ended without being settled. */
  onLockEnded(lockToken: string): void;
}

export interface FeedbackSubscription extends Subscription {
  settle(lockToken: string, settlement: Settlement): Promise<void>;
}

interface Reader {
  readonly consumer: FeedbackConsumer;
  readonly lockTokens: Set<string>;
}

interface FeedbackQueueOptions {
  readonly settings: CloudToDeviceSettings;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly store: GuardedStore;
  readonly events: HubEventStream;
  readonly state: Pick<HubState, "feedbackQueue" | "waitingFeedback">;
}

export class FeedbackQueue {
  readonly #options: FeedbackQueueOptions;
  #queue: MessageQueue<FeedbackPayload>;
  #waiting: readonly WaitingRecord[];
  /** Written, but not durable yet. */
  readonly #underWay = new Set<WaitingRecord>();
  #lastNumber: number;
  /** Round robin: the last served consumer is last. */
  #readers: Reader[] = [];

  constructor(options: FeedbackQueueOptions) {
    this.#options = options;
    this.#queue = options.state.feedbackQueue;
    this.#waiting = options.state.waitingFeedback;
    this.#lastNumber = this.#waiting.at(-1)?.number ?? 0;
    this.#wakeWhenDue();
  }

  /** To be written in one change with the outcome, so that neither exists alone, then admitted. */
  number(records: readonly FeedbackRecord[]): WaitingRecord[] {
    return records.map((record) => {
      this.#lastNumber += 1;
      return { number: this.#lastNumber, record };
    });
  }

  /** For the next batch, once they are durable. */
  admit(records: readonly WaitingRecord[]): void {
    if (records.length === 0) return;
    const { events, store } = this.#options;
    for (const record of records) this.#underWay.add(record);
    store.onceDurable(() => {
      const kept = records.filter((record) => this.#underWay.delete(record));
      this.#waiting = [...this.#waiting, ...kept];
      this.#advance();
    });
    for (const { record } of records) events.emit(toEvent(record));
  }

  /** Discards a device's records that are not yet in a batch (rule c2d-device-deleted). */
  forget(deviceId: string): StoreChange[] {
    const isOfDevice = ({ record }: WaitingRecord): boolean => record.deviceId === deviceId;
    const discarded = [...this.#waiting, ...this.#underWay].filter(isOfDevice);
    this.#waiting = this.#waiting.filter((one) => !isOfDevice(one));
    for (const one of discarded) this.#underWay.delete(one);
    this.#wakeWhenDue();
    return discarded.map(deleteWaitingFeedback);
  }

  subscribe(consumer: FeedbackConsumer): FeedbackSubscription {
    const reader: Reader = { consumer, lockTokens: new Set() };
    this.#readers.push(reader);
    return {
      wake: () => {
        this.#advance();
        this.#deliver();
      },
      settle: (lockToken, settlement) => {
        reader.lockTokens.delete(lockToken);
        return this.settle(lockToken, settlement);
      },
      close: () => this.#unsubscribe(reader),
    };
  }

  /** For a polling consumer; undefined if no batch is visible. */
  take(): FeedbackDelivery | undefined {
    this.#advance();
    const delivery = this.#deliverNext();
    this.#wakeWhenDue();
    return delivery;
  }

  /**
   * Resolves once that is durable.
   * @throws HubError DeviceMessageLockLost when the lock has expired: then nothing has changed.
   */
  async settle(lockToken: string, settlement: Settlement): Promise<void> {
    this.#advance();
    const { maxDeliveryCount } = this.#options.settings.feedback;
    const outcome = settle(this.#queue, lockToken, settlement, maxDeliveryCount);
    if (outcome.type === "lockLost") {
      throw new HubError("DeviceMessageLockLost", "The feedback lock expired.");
    }
    const { sequenceNumber: batch } = outcome.entry;
    await this.#apply(outcome, {
      event: { type: "feedbackSettled", batch, outcome: settlement },
    });
  }

  #unsubscribe(reader: Reader): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
    void this.#apply(releaseLocks(this.#queue, reader.lockTokens));
  }

  #advance(): void {
    const nowMs = this.#options.clock.nowMs();
    const step = advance(this.#queue, nowMs);
    if (step.transitions.length > 0) void this.#apply(step);
    const dueMs = this.#batchDueMs();
    if (dueMs !== undefined && dueMs <= nowMs) this.#formBatch(nowMs);
    this.#wakeWhenDue();
  }

  #formBatch(nowMs: number): void {
    const batch = this.#waiting.slice(0, MAX_FEEDBACK_BATCH_RECORDS);
    this.#waiting = this.#waiting.slice(batch.length);
    const expiryTimeMs = nowMs + this.#options.settings.feedback.ttlMs;
    const records = batch.map(({ record }) => record);
    const step = enqueue(this.#queue, records, { nowMs, expiryTimeMs });
    void this.#apply(step, { changes: batch.map(deleteWaitingFeedback) });
  }

  #apply(
    step: Step<FeedbackPayload>,
    { changes = [], event }: { readonly changes?: StoreChange[]; readonly event?: HubEvent } = {},
  ): Promise<void> {
    const { events, store } = this.#options;
    this.#queue = step.queue;
    const durable = store.write(() => [...changes, ...feedbackQueueChanges(step.transitions)]);
    if (event !== undefined) events.emit(event);
    for (const transition of step.transitions) this.#endLock(endedLock(transition)?.token);
    this.#deliver();
    this.#wakeWhenDue();
    return durable;
  }

  #endLock(lockToken = ""): void {
    const reader = this.#readers.find(({ lockTokens }) => lockTokens.delete(lockToken));
    reader?.consumer.onLockEnded(lockToken);
  }

  #deliver(): void {
    for (;;) {
      const reader = this.#readers.find(({ consumer }) => consumer.hasCredit());
      if (reader === undefined) return;
      const delivery = this.#deliverNext();
      if (delivery === undefined) return;
      this.#readers = [...this.#readers.filter((other) => other !== reader), reader];
      reader.lockTokens.add(delivery.lockToken);
      reader.consumer.deliver(delivery);
      this.#wakeWhenDue();
    }
  }

  #deliverNext(): FeedbackDelivery | undefined {
    const { clock, events, settings } = this.#options;
    const lockToken = randomUUID();
    const untilMs = clock.nowMs() + settings.feedback.lockTimeoutMs;
    const step = deliverNext(this.#queue, { token: lockToken, untilMs });
    const entry = step.transitions[0]?.entry;
    if (entry === undefined) return undefined;
    this.#queue = step.queue;
    const { payload: records, enqueuedTimeMs, sequenceNumber: batch } = entry;
    events.emit({ type: "feedbackDelivered", batch, records: records.length });
    return { lockToken, records, enqueuedTimeMs };
  }

  #batchDueMs(): number | undefined {
    const { settings } = this.#options;
    return feedbackBatchDueMs(
      this.#waiting.map(({ record }) => record),
      settings.feedback,
    );
  }

  #wakeWhenDue(): void {
    const dues = [nextDueMs(this.#queue), this.#batchDueMs()].filter((due) => due !== undefined);
    const dueMs = dues.length === 0 ? undefined : Math.min(...dues);
    this.#options.scheduler.schedule("feedback", dueMs, () => this.#advance());
  }
}

function toEvent({ enqueuedTimeUtcMs, ...record }: FeedbackRecord): HubEvent {
  return { type: "feedback", ...record, enqueuedTimeUtc: formatUtc(enqueuedTimeUtcMs) };
}
