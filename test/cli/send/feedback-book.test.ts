import { expect, test } from "vitest";
import { FeedbackBook, type MatchedFeedback } from "../../../src/cli/send/feedback-book.ts";
import type {
  FeedbackBatch,
  ReceivedFeedback,
} from "../../../src/client/service/service-connection.ts";

function record(originalMessageId: string, deviceId = "d"): ReceivedFeedback {
  return {
    originalMessageId,
    deviceId,
    deviceGenerationId: "g",
    statusCode: "Success",
    description: "Success",
    enqueuedTimeUtcMs: 0,
  };
}

function batch(...records: readonly ReceivedFeedback[]): FeedbackBatch {
  return { records, complete: () => {}, release: () => {} };
}

function setUp() {
  const told: string[] = [];
  const book = new FeedbackBook(({ record: { originalMessageId }, latencyMs }: MatchedFeedback) => {
    told.push(`${originalMessageId} ${latencyMs}`);
  });
  return { book, told };
}

test("latency counts from the hub's acceptance", () => {
  const { book, told } = setUp();
  book.expect("d", "m");
  book.accepted("d", "m", 100);
  book.add(batch(record("m")), 350);
  expect(told).toEqual(["m 250"]);
  expect(book.pendingCount).toBe(0);
});

test("a record that overtakes the acceptance is told after it", () => {
  const { book, told } = setUp();
  book.expect("d", "m");
  book.add(batch(record("m")), 90);
  expect(told).toEqual([]);
  book.accepted("d", "m", 100);
  expect(told).toEqual(["m 0"]);
});

test("several messages of one id each have their record", () => {
  const { book, told } = setUp();
  for (const atMs of [10, 20]) {
    book.expect("d", "m");
    book.accepted("d", "m", atMs);
  }
  book.add(batch(record("m"), record("m")), 110);
  expect(told).toEqual(["m 100", "m 90"]);
});

test("others' records are not told", () => {
  const { book, told } = setUp();
  book.expect("d", "m");
  book.accepted("d", "m", 0);
  book.add(batch(record("m", "other"), record("x")), 10);
  expect(told).toEqual([]);
  expect(book.pendingCount).toBe(1);
});
