import type { AmqpError } from "rhea";
import { formatUtc } from "../../core/encodings.ts";
import { toHubError } from "../../core/hub-error.ts";

/** Azure's format: the condition, and JSON text with the error number (rule amqp-outcome). */
export function toAmqpError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const hubError = toHubError(error);
  const { number, amqpCondition, message } = hubError;
  const timestampUtc = formatUtc(nowMs);
  return {
    condition: amqpCondition,
    description: JSON.stringify({ errorCode: number, trackingId, message, timestampUtc }),
    info: {
      "com.microsoft:tracking-id": trackingId,
      "com.microsoft:error-code": number,
    },
  } as AmqpError;
}

/** Event Hubs' format: plain text. */
export function toEventHubError(error: unknown, trackingId: string, nowMs: number): AmqpError {
  const { amqpCondition, message } = toHubError(error);
  const timestamp = formatUtc(nowMs);
  return {
    condition: amqpCondition,
    description: `${message} TrackingId:${trackingId}, Timestamp:${timestamp}`,
  } as AmqpError;
}
