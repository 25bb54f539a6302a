/** Feedback: which outcome makes a record for which ack, and when records leave as a batch. */

import { type FeedbackSettings, MAX_FEEDBACK_BATCH_RECORDS } from "./limits.ts";
import type { Ack, Message } from "./message.ts";
import type { DeadLetterReason, Transition } from "./message-queue.ts";

/** Content type of a batch; C# checks it (SDK). */
export const FEEDBACK_CONTENT_TYPE = "application/vnd.microsoft.iothub.feedback.json";

export type FeedbackStatusCode = "Success" | DeadLetterReason;

/** What became of one message (rule feedback-record). */
export interface FeedbackRecord {
  /** Empty when the message had no id: such a record cannot be matched. */
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: FeedbackStatusCode;
  /** When the outcome happened, not when the message was sent. Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs: number;
}

export interface FeedbackOrigin {
  readonly deviceId: string;
  readonly deviceGenerationId: string;
}

const WANTED_BY: Record<Ack, (isPositive: boolean) => boolean> = {
  none: () => false,
  positive: (isPositive) => isPositive,
  negative: (isPositive) => !isPositive,
  full: () => true,
};

/** The record a transition makes, if its message asked for one (rule feedback-ack). */
export function feedbackFor(
  transition: Transition<Message>,
  origin: FeedbackOrigin,
  nowMs: number,
): FeedbackRecord | undefined {
  const statusCode = statusCodeOf(transition);
  if (statusCode === undefined) return undefined;
  const { ack = "none", messageId = "" } = transition.entry.payload.system;
  if (!WANTED_BY[ack](statusCode === "Success")) return undefined;
  return { originalMessageId: messageId, ...origin, statusCode, enqueuedTimeUtcMs: nowMs };
}

/**
 * The body of a feedback message. `description` repeats the status code, because the C service
 * client reads its status from there alone.
 */
export function formatFeedbackBatch(records: readonly FeedbackRecord[]): string {
  return JSON.stringify(
    records.map(({ enqueuedTimeUtcMs, ...record }) => ({
      ...record,
      description: record.statusCode,
      enqueuedTimeUtc: new Date(enqueuedTimeUtcMs).toISOString(),
    })),
  );
}

/**
 * When the records waiting must leave as a batch: at once when a batch is full, otherwise when the
 * oldest has waited the interval (rule feedback-batch).
 */
export function feedbackBatchDueMs(
  waiting: readonly FeedbackRecord[],
  settings: FeedbackSettings,
): number | undefined {
  const oldest = waiting[0];
  if (oldest === undefined) return undefined;
  if (waiting.length >= MAX_FEEDBACK_BATCH_RECORDS) return oldest.enqueuedTimeUtcMs;
  return oldest.enqueuedTimeUtcMs + settings.intervalMs;
}

function statusCodeOf(transition: Transition<Message>): FeedbackStatusCode | undefined {
  if (transition.type === "completed") return "Success";
  if (transition.type === "deadLettered") return transition.reason;
  return undefined;
}
