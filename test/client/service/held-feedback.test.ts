import { expect, test } from "vitest";
import { HeldFeedback } from "../../../src/client/service/held-feedback.ts";
import type { FeedbackBatch } from "../../../src/client/service/service-connection.ts";

/** A batch of one record that logs its settlement. */
function batchOf(messageId: string, settled: string[], name = messageId): FeedbackBatch {
  return {
    records: [
      {
        originalMessageId: messageId,
        deviceId: "device1",
        deviceGenerationId: "1",
        statusCode: "Success",
        description: "Success",
        enqueuedTimeUtcMs: 0,
      },
    ],
    complete: () => void settled.push(`${name} completed`),
    release: () => void settled.push(`${name} released`),
  };
}

test("held batches are released once, completed batches never", () => {
  const settled: string[] = [];
  const held = new HeldFeedback();
  held.complete(batchOf("mine", settled));
  held.hold(batchOf("other", settled));
  held.release();
  held.release();
  expect(settled).toEqual(["mine completed", "other released"]);
});

test("only the last delivery of a redelivered batch is released", () => {
  const settled: string[] = [];
  const held = new HeldFeedback();
  held.hold(batchOf("m", settled, "first"));
  expect(held.has(batchOf("m", settled))).toBe(true);
  held.hold(batchOf("m", settled, "second"));
  held.release();
  expect(settled).toEqual(["second released"]);
});

test("a held batch that is completed later is not released", () => {
  const settled: string[] = [];
  const held = new HeldFeedback();
  held.hold(batchOf("m", settled));
  held.complete(batchOf("m", settled));
  held.release();
  expect(settled).toEqual(["m completed"]);
});

test("the last thousand completed batches are recognised", () => {
  const held = new HeldFeedback();
  for (let n = 0; n <= 1000; n++) held.complete(batchOf(`m${n}`, []));
  expect(held.has(batchOf("m0", []))).toBe(false);
  expect(held.has(batchOf("m1", []))).toBe(true);
  expect(held.has(batchOf("m1000", []))).toBe(true);
});
