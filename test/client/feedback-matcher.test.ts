import { describe, expect, it } from "vitest";
import { FeedbackMatcher } from "../../src/client/service/feedback-matcher.ts";
import type {
  FeedbackBatch,
  ReceivedFeedback,
} from "../../src/client/service/service-connection.ts";

class FakeBatch implements FeedbackBatch {
  readonly records: readonly ReceivedFeedback[];
  readonly settlements: string[] = [];

  constructor(...ids: readonly (readonly [deviceId: string, messageId: string])[]) {
    this.records = ids.map(([deviceId, originalMessageId], index) => ({
      originalMessageId,
      deviceId,
      deviceGenerationId: "1",
      statusCode: "Success",
      description: "Success",
      enqueuedTimeUtcMs: index,
    }));
  }

  complete(): void {
    this.settlements.push("complete");
  }

  release(): void {
    this.settlements.push("release");
  }
}

const idsOf = (records: readonly ReceivedFeedback[]): string[] =>
  records.map(({ deviceId, originalMessageId }) => `${deviceId}/${originalMessageId}`);

function matcherOf(...ids: readonly (readonly [string, string])[]): FeedbackMatcher {
  const matcher = new FeedbackMatcher();
  for (const [deviceId, messageId] of ids) matcher.expect(deviceId, messageId);
  return matcher;
}

describe("FeedbackMatcher", () => {
  it("matches by device and message id, and completes a batch of its own", () => {
    const matcher = matcherOf(["a", "1"], ["b", "1"], ["a", "2"]);
    const batch = new FakeBatch(["b", "1"], ["a", "1"]);
    expect(idsOf(matcher.add(batch))).toEqual(["b/1", "a/1"]);
    expect(batch.settlements).toEqual(["complete"]);
    expect(matcher.pendingCount).toBe(1);
  });

  it.each([
    ["another device", ["b", "1"]],
    ["another message", ["a", "2"]],
    ["an id in another case", ["A", "1"]],
    ["no id", ["a", ""]],
  ] as const)("does not take %s for its own", (_, foreign) => {
    const matcher = matcherOf(["a", "1"]);
    const batch = new FakeBatch(foreign);
    expect(matcher.add(batch)).toEqual([]);
    expect(batch.settlements).toEqual([]);
    expect(matcher.pendingCount).toBe(1);
  });

  it("keeps a batch with others' records unsettled, and releases it once at the end", () => {
    const matcher = matcherOf(["a", "1"]);
    const mixed = new FakeBatch(["a", "1"], ["b", "9"]);
    const foreign = new FakeBatch(["b", "10"]);
    expect(idsOf(matcher.add(mixed))).toEqual(["a/1"]);
    expect(matcher.add(foreign)).toEqual([]);
    expect([mixed.settlements, foreign.settlements]).toEqual([[], []]);
    matcher.finish();
    matcher.finish();
    expect([mixed.settlements, foreign.settlements]).toEqual([["release"], ["release"]]);
  });

  it("counts a held batch that comes again once, and releases its last delivery alone", () => {
    const matcher = matcherOf(["a", "1"], ["a", "1"]);
    const [first, again] = [
      new FakeBatch(["a", "1"], ["b", "9"]),
      new FakeBatch(["a", "1"], ["b", "9"]),
    ];
    expect(matcher.add(first)).toHaveLength(1);
    expect(matcher.add(again)).toHaveLength(0);
    expect(matcher.pendingCount).toBe(1);
    matcher.finish();
    expect([first.settlements, again.settlements]).toEqual([[], ["release"]]);
  });

  it("completes a batch of its own that comes again, without counting it again", () => {
    const matcher = matcherOf(["a", "1"], ["a", "1"]);
    matcher.add(new FakeBatch(["a", "1"]));
    const again = new FakeBatch(["a", "1"]);
    expect(matcher.add(again)).toEqual([]);
    expect(again.settlements).toEqual(["complete"]);
    expect(matcher.pendingCount).toBe(1);
  });

  it("takes records of its messages for its own although nobody waits for them", () => {
    const matcher = matcherOf(["a", "1"], ["a", "2"]);
    matcher.cancel("a", "1");
    expect(matcher.pendingCount).toBe(1);
    const batch = new FakeBatch(["a", "1"], ["a", "2"]);
    expect(idsOf(matcher.add(batch))).toEqual(["a/2"]);
    expect(batch.settlements).toEqual(["complete"]);
  });

  it("waits for as many records of one id as messages were sent with it", () => {
    const matcher = matcherOf(["a", "same"], ["a", "same"]);
    matcher.add(new FakeBatch(["a", "same"], ["a", "same"]));
    expect(matcher.pendingCount).toBe(0);
    matcher.cancel("a", "same");
    expect(matcher.pendingCount).toBe(0);
  });

  it("leaves batches alone that come after the end", () => {
    const matcher = matcherOf(["a", "1"]);
    matcher.finish();
    const late = new FakeBatch(["a", "1"]);
    expect(matcher.add(late)).toEqual([]);
    expect(late.settlements).toEqual([]);
  });
});
