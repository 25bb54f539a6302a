import { formatDuration } from "../../async/format-duration.ts";
import type { MatchedFeedback, PendingMessage } from "../../client/service/feedback-tracker.ts";
import { formatUtc } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { formatFeedbackJson, formatFeedbackText } from "../text/feedback-text.ts";
import type { Tally } from "./tally.ts";

interface SentMessage {
  readonly n: number;
  readonly deviceId: string;
  readonly message: Message;
  readonly sentAtMs: number;
}

export interface SendRenderer {
  sent(sent: SentMessage): string;
  feedback(feedback: MatchedFeedback): string;
  /** Empty in JSON, which has no such line. */
  pending(message: PendingMessage, reason: string): string;
  summary(tally: Tally, elapsedMs: number): string;
}

export function createRenderer(isJson: boolean): SendRenderer {
  return isJson ? JSON_RENDERER : TEXT_RENDERER;
}

const JSON_RENDERER: SendRenderer = {
  sent: ({ n, deviceId, message, sentAtMs }) =>
    formatJsonLine({
      type: "sent",
      n,
      deviceId,
      messageId: message.system.messageId,
      correlationId: message.system.correlationId,
      bytes: message.body.length,
      ack: message.system.ack,
      sentAt: formatUtc(sentAtMs),
    }),
  feedback: ({ record, latencyMs }) => formatFeedbackJson(record, latencyMs),
  pending: () => "",
  summary: ({ sent, failed, unsent, success, negative, pending }, elapsedMs) =>
    formatJsonLine({
      type: "summary",
      sent,
      failed,
      unsent,
      success,
      negative,
      pending,
      elapsedMs,
    }),
};

const TEXT_RENDERER: SendRenderer = {
  sent: ({ n, deviceId, message }) =>
    `Sending message: ${n} to ${escapeLine(deviceId)} (message id ${escapeLine(message.system.messageId ?? "")})\n`,
  feedback: ({ record, latencyMs }) =>
    formatFeedbackText(record, `after ${formatDuration(latencyMs)}`),
  pending: ({ deviceId, messageId }, reason) =>
    `Pending: ${escapeLine(`${deviceId} ${messageId}`)} ${reason}\n`,
  summary: ({ sent, failed, unsent, success, negative, pending, isWaiting }, elapsedMs) => {
    const parts = [`${sent} sent`];
    if (failed > 0) parts.push(`${failed} failed`);
    if (unsent > 0) parts.push(`${unsent} unsent`);
    if (isWaiting) parts.push(`${success} success`, `${negative} negative`, `${pending} pending`);
    return `Summary: ${parts.join(", ")} in ${formatDuration(elapsedMs)}\n`;
  },
};
