import type { FeedbackStatusCode } from "../../core/feedback.ts";
import type { ReceivedFeedback } from "./service-connection.ts";

/** Undefined if `body` is no batch (devguide-c2d, "Message feedback"). */
export function parseFeedbackRecords(body: Buffer): readonly ReceivedFeedback[] | undefined {
  const records = parseArray(body)?.map(toRecord);
  return records?.every((record) => record !== undefined) ? records : undefined;
}

function parseArray(body: Buffer): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function toRecord(value: unknown): ReceivedFeedback | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const raw = value as Readonly<Record<string, unknown>>;
  const { deviceId, statusCode } = raw;
  const enqueuedTimeUtcMs = Date.parse(String(raw.enqueuedTimeUtc));
  if (typeof deviceId !== "string" || typeof statusCode !== "string") return undefined;
  if (Number.isNaN(enqueuedTimeUtcMs)) return undefined;
  return {
    originalMessageId: textOf(raw.originalMessageId),
    deviceId,
    deviceGenerationId: textOf(raw.deviceGenerationId),
    // An unknown code is passed on unchanged.
    statusCode: statusCode as FeedbackStatusCode,
    description: textOf(raw.description),
    enqueuedTimeUtcMs,
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
