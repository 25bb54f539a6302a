import { describe, expect, it } from "vitest";
import { FeedbackTracker } from "../../../src/client/service/feedback-tracker.ts";
import type {
  FeedbackBatch,
  ReceivedFeedback,
} from "../../../src/client/service/service-connection.ts";

type Id = readonly [deviceId: string, messageId: string];

class FakeBatch implements FeedbackBatch {
  readonly records: readonly ReceivedFeedback[];
  readonly settlements: string[] = [];

  constructor(...ids: readonly Id[]) {
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

/** Reports `device/message latency` for each awaited record. */
class Setup {
  readonly told: string[] = [];
  readonly tracker = new FeedbackTracker(({ record, latencyMs }) => {
    this.told.push(`${record.deviceId}/${record.originalMessageId} ${latencyMs}`);
  });

  /** @param sent Messages accepted at 0. */
  constructor(...sent: readonly Id[]) {
    for (const id of sent) {
      this.tracker.expect(...id);
      this.tracker.accepted(...id, 0);
    }
  }

  get pending(): string[] {
    return [...this.tracker.pending()].map(({ deviceId, messageId }) => `${deviceId}/${messageId}`);
  }
}

describe("FeedbackTracker", () => {
  it("matches records by device and message id, and completes a batch of its own", () => {
    const setup = new Setup(["a", "1"], ["b", "1"], ["a", "2"]);
    const batch = new FakeBatch(["b", "1"], ["a", "1"]);
    setup.tracker.add(batch, 5);
    expect(setup.told).toEqual(["b/1 5", "a/1 5"]);
    expect(batch.settlements).toEqual(["complete"]);
    expect(setup.pending).toEqual(["a/2"]);
  });

  it.each([
    ["another device", ["b", "1"]],
    ["another message", ["a", "2"]],
    ["an id in another case", ["A", "1"]],
    ["no id", ["a", ""]],
  ] as const)("ignores %s", (_, foreign) => {
    const setup = new Setup(["a", "1"]);
    const batch = new FakeBatch(foreign);
    setup.tracker.add(batch, 5);
    expect(setup.told).toEqual([]);
    expect(batch.settlements).toEqual([]);
    expect(setup.pending).toEqual(["a/1"]);
  });

  it("holds a batch with other senders' records, and releases it once at the end", () => {
    const { tracker, told } = new Setup(["a", "1"]);
    const mixed = new FakeBatch(["a", "1"], ["b", "9"]);
    const foreign = new FakeBatch(["b", "10"]);
    tracker.add(mixed, 5);
    tracker.add(foreign, 6);
    expect(told).toEqual(["a/1 5"]);
    expect([mixed.settlements, foreign.settlements]).toEqual([[], []]);
    tracker.finish();
    tracker.finish();
    expect([mixed.settlements, foreign.settlements]).toEqual([["release"], ["release"]]);
  });

  it("counts a redelivered held batch once, and releases only the last delivery", () => {
    const setup = new Setup(["a", "1"], ["a", "1"]);
    const [first, again] = [
      new FakeBatch(["a", "1"], ["b", "9"]),
      new FakeBatch(["a", "1"], ["b", "9"]),
    ];
    setup.tracker.add(first, 5);
    setup.tracker.add(again, 6);
    expect(setup.told).toEqual(["a/1 5"]);
    expect(setup.pending).toEqual(["a/1"]);
    setup.tracker.finish();
    expect([first.settlements, again.settlements]).toEqual([[], ["release"]]);
  });

  it("completes a redelivered batch of its own, without counting it again", () => {
    const setup = new Setup(["a", "1"], ["a", "1"]);
    setup.tracker.add(new FakeBatch(["a", "1"]), 5);
    const again = new FakeBatch(["a", "1"]);
    setup.tracker.add(again, 6);
    expect(setup.told).toEqual(["a/1 5"]);
    expect(again.settlements).toEqual(["complete"]);
    expect(setup.pending).toEqual(["a/1"]);
  });

  it("treats records of its messages as its own even if they are not awaited", () => {
    const { tracker, told } = new Setup(["a", "2"]);
    tracker.expect("a", "1");
    tracker.cancel("a", "1");
    const batch = new FakeBatch(["a", "1"], ["a", "2"]);
    tracker.add(batch, 5);
    expect(told).toEqual(["a/2 5"]);
    expect(batch.settlements).toEqual(["complete"]);
  });

  it("awaits one record per message sent with the same id", () => {
    const { tracker, told } = new Setup();
    for (const atMs of [10, 20]) {
      tracker.expect("a", "same");
      tracker.accepted("a", "same", atMs);
    }
    tracker.add(new FakeBatch(["a", "same"], ["a", "same"], ["a", "same"]), 110);
    expect(told).toEqual(["a/same 100", "a/same 90"]);
    tracker.cancel("a", "same");
    tracker.expect("a", "same");
    tracker.accepted("a", "same", 120);
    tracker.add(new FakeBatch(["a", "same"]), 130);
    expect(told.slice(2)).toEqual(["a/same 10"]);
  });

  it("reports an early record after its message is accepted", () => {
    const { tracker, told } = new Setup();
    tracker.expect("a", "1");
    tracker.add(new FakeBatch(["a", "1"]), 90);
    expect(told).toEqual([]);
    tracker.accepted("a", "1", 100);
    expect(told).toEqual(["a/1 0"]);
    expect([...tracker.pending()]).toEqual([]);
  });

  it("counts the records that it awaits", () => {
    const { tracker } = new Setup(["a", "1"], ["a", "2"]);
    tracker.expect("a", "3");
    tracker.expect("a", "4");
    expect(tracker.awaited).toBe(4);
    tracker.cancel("a", "4");
    tracker.add(new FakeBatch(["a", "1"], ["a", "1"], ["a", "3"], ["b", "1"]), 5);
    expect(tracker.awaited).toBe(1);
    tracker.accepted("a", "3", 6);
    expect(tracker.awaited).toBe(1);
  });

  it("gives up accepted messages, but not those on their way", () => {
    const setup = new Setup(["a", "1"], ["a", "2"]);
    setup.tracker.expect("a", "3");
    setup.tracker.giveUp();
    expect(setup.tracker.awaited).toBe(1);
    expect(setup.pending).toEqual([]);
    const late = new FakeBatch(["a", "1"]);
    setup.tracker.add(late, 5);
    expect(setup.told).toEqual([]);
    expect(late.settlements).toEqual(["complete"]);
  });

  it("remembers only the last messages whose records it no longer awaits", () => {
    const { tracker } = new Setup();
    const ids = Array.from({ length: 10_001 }, (_, n) => String(n));
    for (const id of ids) {
      tracker.expect("a", id);
      tracker.cancel("a", id);
    }
    const [oldest, older] = [new FakeBatch(["a", "0"]), new FakeBatch(["a", "1"])];
    tracker.add(oldest, 5);
    tracker.add(older, 5);
    expect([oldest.settlements, older.settlements]).toEqual([[], ["complete"]]);
  });

  it("completes again a batch of messages that it no longer remembers", () => {
    const { tracker } = new Setup(["a", "first"]);
    tracker.add(new FakeBatch(["a", "first"]), 5);
    for (let n = 0; n < 10_000; n++) {
      tracker.expect("a", String(n));
      tracker.cancel("a", String(n));
    }
    const again = new FakeBatch(["a", "first"]);
    tracker.add(again, 6);
    expect(again.settlements).toEqual(["complete"]);
  });

  it("ignores batches that arrive after the end", () => {
    const { tracker, told } = new Setup(["a", "1"]);
    tracker.finish();
    const late = new FakeBatch(["a", "1"]);
    tracker.add(late, 5);
    expect(told).toEqual([]);
    expect(late.settlements).toEqual([]);
  });
});
