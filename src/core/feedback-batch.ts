import { formatUtc } from "./encodings.ts";
import type { FeedbackRecord } from "./feedback.ts";
import { type FeedbackSettings, MAX_FEEDBACK_BATCH_RECORDS } from "./limits.ts";

/** The C# SDK checks it. */
export const FEEDBACK_CONTENT_TYPE = "application/vnd.microsoft.iothub.feedback.json";

/** `description` repeats the status code: the C service client reads it only from there. */
export function formatFeedbackBatch(records: readonly FeedbackRecord[]): string {
  return JSON.stringify(
    records.map(({ enqueuedTimeUtcMs, ...record }) => ({
      ...record,
      description: record.statusCode,
      enqueuedTimeUtc: formatUtc(enqueuedTimeUtcMs),
    })),
  );
}

/** At once if a batch is full, otherwise one interval after the oldest (rule feedback-batch). */
export function feedbackBatchDueMs(
  waiting: readonly FeedbackRecord[],
  settings: FeedbackSettings,
): number | undefined {
  const oldest = waiting[0];
  if (oldest === undefined) return undefined;
  if (waiting.length >= MAX_FEEDBACK_BATCH_RECORDS) return oldest.enqueuedTimeUtcMs;
  return oldest.enqueuedTimeUtcMs + settings.intervalMs;
}
