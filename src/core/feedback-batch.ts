/** Batches of feedback records: when one is due, and its body. */

import type { FeedbackRecord } from "./feedback.ts";
import { type FeedbackSettings, MAX_FEEDBACK_BATCH_RECORDS } from "./limits.ts";

/** Content type of a batch; the C# SDK checks it. */
export const FEEDBACK_CONTENT_TYPE = "application/vnd.microsoft.iothub.feedback.json";

/**
 * The body of a feedback message. `description` repeats the status code, because the C service
 * client reads the status only from there.
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
 * When the waiting records must be sent as a batch: at once if a batch is full, otherwise when the
 * oldest has waited for the interval (rule feedback-batch).
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
