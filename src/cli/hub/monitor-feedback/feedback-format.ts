import type { ReceivedFeedback } from "../../../client/service/service-connection.ts";
import { formatUtc } from "../../../core/encodings.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import {
  formatFeedbackJson,
  formatFeedbackText,
  toFeedbackRecord,
} from "../../text/feedback-text.ts";

export function createFeedbackFormat(format: OutputFormat): (record: ReceivedFeedback) => string {
  if (format.type === "json") return (record) => formatFeedbackJson(record);
  if (format.type === "template") return (record) => format.fill(toFeedbackRecord(record));
  return (record) => formatFeedbackText(record, `at ${formatUtc(record.enqueuedTimeUtcMs)}`);
}
