import type { Ack, Message } from "./message.ts";
import type { DeadLetterReason, Transition } from "./queue-entry.ts";

export type FeedbackStatusCode = "Success" | DeadLetterReason;

/** The final outcome of one message (rule feedback-record). */
export interface FeedbackRecord {
  /** Empty when the message had no id: such a record cannot be matched. */
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: FeedbackStatusCode;
  /** When the outcome happened, not when the message was sent. Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs: number;
}

interface FeedbackOrigin {
  readonly deviceId: string;
  readonly deviceGenerationId: string;
}

const WANTED_BY: Record<Ack, (isPositive: boolean) => boolean> = {
  none: () => false,
  positive: (isPositive) => isPositive,
  negative: (isPositive) => !isPositive,
  full: () => true,
};

export function wantsFeedback(ack: Ack = "none", statusCode: FeedbackStatusCode): boolean {
  return WANTED_BY[ack](statusCode === "Success");
}

/** Undefined unless the message requested it (rule feedback-ack). */
export function feedbackFor(
  transition: Transition<Message>,
  origin: FeedbackOrigin,
  nowMs: number,
): FeedbackRecord | undefined {
  const statusCode = statusCodeOf(transition);
  if (statusCode === undefined || !leavesFeedback(transition)) return undefined;
  const { messageId = "" } = transition.entry.payload.system;
  return { originalMessageId: messageId, ...origin, statusCode, enqueuedTimeUtcMs: nowMs };
}

/** Whether there is a record of it. */
export function leavesFeedback(transition: Transition<Message>): boolean {
  const { ack } = transition.entry.payload.system;
  if (ack === undefined) return false;
  const statusCode = statusCodeOf(transition);
  return statusCode !== undefined && wantsFeedback(ack, statusCode);
}

function statusCodeOf(transition: Transition<Message>): FeedbackStatusCode | undefined {
  if (transition.type === "completed") return "Success";
  if (transition.type === "deadLettered") return transition.reason;
  return undefined;
}
