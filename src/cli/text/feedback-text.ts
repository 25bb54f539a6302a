import type { ReceivedFeedback } from "../../client/service/service-connection.ts";
import { formatUtc } from "../../core/encodings.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatJsonLine } from "../terminal/json-line.ts";

/** Those of `toFeedbackRecord`, but for the latency, which only the sender of the message knows. */
export const FEEDBACK_KEYS = [
  "type",
  "originalMessageId",
  "deviceId",
  "statusCode",
  "description",
  "enqueuedTimeUtc",
];

/** @param latencyMs Since the hub accepted the message, if known. */
export function formatFeedbackJson(record: ReceivedFeedback, latencyMs?: number): string {
  return formatJsonLine(toFeedbackRecord(record, latencyMs));
}

export function toFeedbackRecord(record: ReceivedFeedback, latencyMs?: number) {
  return {
    type: "feedback",
    originalMessageId: record.originalMessageId,
    deviceId: record.deviceId,
    statusCode: record.statusCode,
    description: record.description,
    enqueuedTimeUtc: formatUtc(record.enqueuedTimeUtcMs),
    ...(latencyMs !== undefined && { latencyMs }),
  };
}

export function formatFeedbackText(record: ReceivedFeedback, when: string): string {
  const { deviceId, originalMessageId, statusCode, description } = record;
  const more = description === statusCode || description === "" ? "" : `: ${description}`;
  const what = `${deviceId} ${originalMessageId || "(no message id)"} ${statusCode}${more}`;
  return `Feedback: ${escapeLine(what)} ${when}\n`;
}
