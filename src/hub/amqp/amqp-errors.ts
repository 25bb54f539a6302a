/** Refusals as AMQP errors. */

import type { AmqpError } from "rhea";
import { toHubError } from "../../core/hub-error.ts";

/** A refusal in the form Azure gives it: the condition, and JSON text that repeats it in numbers (rule amqp-outcome). */
export function toAmqpError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const hubError = toHubError(error);
  const { number, amqpCondition, message } = hubError;
  const timestampUtc = new Date(nowMs).toISOString();
  return {
    condition: amqpCondition,
    description: JSON.stringify({ errorCode: number, trackingId, message, timestampUtc }),
    info: {
      "com.microsoft:tracking-id": trackingId,
      "com.microsoft:error-code": number,
    },
  } as AmqpError;
}

/** A refusal in the form Event Hubs gives it: plain text. */
export function toEventHubError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const { amqpCondition, message } = toHubError(error);
  const timestamp = new Date(nowMs).toISOString();
  return {
    condition: amqpCondition,
    description: `${message} TrackingId:${trackingId}, Timestamp:${timestamp}`,
  } as AmqpError;
}
