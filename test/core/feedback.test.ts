import { describe, expect, it } from "vitest";
import { type FeedbackRecord, feedbackFor } from "../../src/core/feedback.ts";
import { feedbackBatchDueMs, formatFeedbackBatch } from "../../src/core/feedback-batch.ts";
import { AZURE_DEFAULTS, LOCAL_DEFAULTS } from "../../src/core/limits.ts";
import { ACKS, type Message } from "../../src/core/message.ts";
import type { Entry, Transition } from "../../src/core/queue-entry.ts";

const ORIGIN = { deviceId: "device1", deviceGenerationId: "7" };
const LOCK = { token: "t", untilMs: 0 };
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

function entry(system: Message["system"]): Entry<Message> {
  return {
    sequenceNumber: 1,
    payload: { system, properties: {}, body: Buffer.alloc(0) },
    enqueuedTimeMs: 0,
    expiryTimeMs: 0,
    deliveryCount: 0,
    isRedelivered: false,
  };
}

function transition(kind: string, system: Message["system"]): Transition<Message> {
  const one = entry(system);
  switch (kind) {
    case "Success":
      return { type: "completed", entry: one };
    case "Expired":
    case "DeliveryCountExceeded":
    case "Rejected":
    case "Purged":
      return { type: "deadLettered", entry: one, reason: kind };
    case "delivered":
      return { type: "delivered", entry: { ...one, lock: LOCK }, lockToken: LOCK.token };
    case "abandoned":
      return { type: "requeued", entry: one, reason: "abandoned", endedLock: LOCK };
    default:
      return { type: "enqueued", entry: one };
  }
}

/** Which outcomes create a record, by ack. */
const WANTED: Record<string, readonly string[]> = {
  Success: ["positive", "full"],
  Expired: ["negative", "full"],
  DeliveryCountExceeded: ["negative", "full"],
  Rejected: ["negative", "full"],
  Purged: ["negative", "full"],
  enqueued: [],
  delivered: [],
  abandoned: [],
};

describe("a record", () => {
  const cases = Object.keys(WANTED).flatMap((kind) =>
    [...ACKS, undefined].map((ack) => ({ kind, ack, isWanted: WANTED[kind]?.includes(ack ?? "") })),
  );
  // Rules feedback-ack, feedback-record.
  it.each(cases)("of $kind with ack $ack is created: $isWanted", ({ kind, ack, isWanted }) => {
    const system = { messageId: "m1", ...(ack !== undefined && { ack }) };
    const record = feedbackFor(transition(kind, system), ORIGIN, NOW);
    expect(record).toEqual(
      isWanted
        ? { originalMessageId: "m1", ...ORIGIN, statusCode: kind, enqueuedTimeUtcMs: NOW }
        : undefined,
    );
  });

  it("of a message without id has an empty originalMessageId", () => {
    const record = feedbackFor(transition("Success", { ack: "full" }), ORIGIN, NOW);
    expect(record?.originalMessageId).toBe("");
  });
});

describe("the body of a batch", () => {
  // Rule feedback-record.
  it("is a JSON array in camelCase, with the status code as the description", () => {
    const record: FeedbackRecord = {
      originalMessageId: "m1",
      ...ORIGIN,
      statusCode: "Rejected",
      enqueuedTimeUtcMs: NOW,
    };
    expect(JSON.parse(formatFeedbackBatch([record]))).toEqual([
      {
        originalMessageId: "m1",
        deviceId: "device1",
        deviceGenerationId: "7",
        statusCode: "Rejected",
        description: "Rejected",
        enqueuedTimeUtc: "2026-01-02T03:04:05.678Z",
      },
    ]);
  });
});

// Rule feedback-batch.
describe("a batch is due", () => {
  const settings = AZURE_DEFAULTS.feedback;
  const records = (count: number): FeedbackRecord[] =>
    Array.from({ length: count }, (_, index) => ({
      originalMessageId: `m${index}`,
      ...ORIGIN,
      statusCode: "Success",
      enqueuedTimeUtcMs: NOW + index,
    }));

  it("never without records", () => {
    expect(feedbackBatchDueMs([], settings)).toBeUndefined();
  });

  it.each([1, 63])("an interval after the oldest of %d records", (count) => {
    expect(feedbackBatchDueMs(records(count), settings)).toBe(NOW + 15_000);
  });

  it.each([64, 200])("at once with %d records", (count) => {
    expect(feedbackBatchDueMs(records(count), settings)).toBeLessThanOrEqual(NOW);
  });

  it("after 15 s on Azure and 1 s on a local hub", () => {
    expect([AZURE_DEFAULTS.feedback.intervalMs, LOCAL_DEFAULTS.feedback.intervalMs]).toEqual([
      15_000, 1000,
    ]);
  });
});
