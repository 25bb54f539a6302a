import { describe, expect, it } from "vitest";
import {
  advance,
  deliverNext,
  EMPTY_QUEUE,
  enqueue,
  type MessageQueue,
  nextDueMs,
  purge,
  releaseLocks,
  type Settlement,
  settle,
} from "../../src/core/message-queue.ts";

const MAX_DELIVERY_COUNT = 3;

function queueOf(...payloads: string[]): MessageQueue<string> {
  return payloads.reduce<MessageQueue<string>>(
    (queue, payload) => enqueue(queue, payload, { nowMs: 0, expiryTimeMs: 1000 }).queue,
    EMPTY_QUEUE,
  );
}

function deliver(queue: MessageQueue<string>, token: string, untilMs = 60): MessageQueue<string> {
  return deliverNext(queue, { token, untilMs }).queue;
}

function settled(queue: MessageQueue<string>, token: string, settlement: Settlement) {
  const outcome = settle(queue, token, settlement, MAX_DELIVERY_COUNT);
  if (outcome.type === "lockLost") throw new Error("lock lost");
  return outcome;
}

const payloads = (queue: MessageQueue<string>): string[] =>
  queue.entries.map(({ payload }) => payload);

describe("enqueue", () => {
  it("appends a visible, undelivered entry with the next number", () => {
    const { queue, transitions } = enqueue(queueOf("a"), "b", { nowMs: 5, expiryTimeMs: 9 });
    expect(transitions).toEqual([{ type: "enqueued", entry: queue.entries[1] }]);
    expect(queue.entries[1]).toEqual({
      sequenceNumber: 2,
      payload: "b",
      enqueuedTimeMs: 5,
      expiryTimeMs: 9,
      deliveryCount: 0,
      isRedelivered: false,
    });
  });

  it("does not change the given queue", () => {
    const before = queueOf("a");
    enqueue(before, "b", { nowMs: 0, expiryTimeMs: 1 });
    expect(payloads(before)).toEqual(["a"]);
  });
});

describe("deliverNext", () => {
  // Rule c2d-order.
  it("delivers the oldest visible entry and hides it", () => {
    const first = deliverNext(queueOf("a", "b"), { token: "t1", untilMs: 60 });
    expect(first.transitions).toMatchObject([
      { type: "delivered", lockToken: "t1", entry: { payload: "a", deliveryCount: 0 } },
    ]);
    const second = deliverNext(first.queue, { token: "t2", untilMs: 60 });
    expect(second.transitions).toMatchObject([{ entry: { payload: "b" } }]);
    expect(payloads(second.queue)).toEqual(["a", "b"]);
  });

  it("does nothing when no entry is visible", () => {
    const queue = deliver(queueOf("a"), "t1");
    expect(deliverNext(queue, { token: "t2", untilMs: 60 })).toEqual({ queue, transitions: [] });
    expect(deliverNext(EMPTY_QUEUE, { token: "t", untilMs: 1 }).transitions).toEqual([]);
  });
});

// Rule c2d-states.
describe("settle", () => {
  it("complete removes the entry", () => {
    const step = settled(deliver(queueOf("a", "b"), "t1"), "t1", "complete");
    expect(payloads(step.queue)).toEqual(["b"]);
    expect(step.transitions).toMatchObject([{ type: "completed", entry: { payload: "a" } }]);
  });

  // Rule c2d-reject.
  it("reject dead-letters the entry", () => {
    const step = settled(deliver(queueOf("a"), "t1"), "t1", "reject");
    expect(step.queue.entries).toEqual([]);
    expect(step.transitions).toMatchObject([{ type: "deadLettered", reason: "Rejected" }]);
  });

  // Rules c2d-order, c2d-delivery-count, c2d-redelivered.
  it("abandon returns the entry to its place, counted and marked as redelivered", () => {
    const step = settled(deliver(queueOf("a", "b"), "t1"), "t1", "abandon");
    expect(step.transitions).toMatchObject([{ type: "requeued", reason: "abandoned" }]);
    expect(step.queue.entries[0]).toMatchObject({
      payload: "a",
      deliveryCount: 1,
      isRedelivered: true,
    });
    expect(step.queue.entries[0]).not.toHaveProperty("lock");
    expect(deliverNext(step.queue, { token: "t2", untilMs: 9 }).transitions).toMatchObject([
      { entry: { payload: "a" } },
    ]);
  });

  // Rule c2d-max-delivery-count.
  it("an abandon that reaches the maximum delivery count dead-letters the entry", () => {
    let queue = queueOf("a");
    for (let round = 1; round < MAX_DELIVERY_COUNT; round++) {
      queue = settled(deliver(queue, `t${round}`), `t${round}`, "abandon").queue;
    }
    const last = settled(deliver(queue, "last"), "last", "abandon");
    expect(last.queue.entries).toEqual([]);
    expect(last.transitions).toMatchObject([
      { type: "deadLettered", reason: "DeliveryCountExceeded", entry: { deliveryCount: 3 } },
    ]);
  });

  // Rule c2d-lock-lost.
  it.each<Settlement>(["complete", "abandon", "reject"])(
    "%s returns lockLost for an unknown, used or expired token",
    (settlement) => {
      const queue = deliver(queueOf("a"), "t1");
      const lost = { type: "lockLost" };
      expect(settle(queue, "other", settlement, 3)).toEqual(lost);
      expect(settle(settled(queue, "t1", "complete").queue, "t1", settlement, 3)).toEqual(lost);
      expect(settle(advance(queue, 60).queue, "t1", settlement, 3)).toEqual(lost);
    },
  );
});

describe("advance", () => {
  // Rules c2d-lock-timeout, c2d-delivery-count, c2d-redelivered.
  it("requeues an entry when its lock expires, without counting", () => {
    const queue = deliver(queueOf("a"), "t1", 60);
    expect(advance(queue, 59).transitions).toEqual([]);
    const step = advance(queue, 60);
    expect(step.transitions).toMatchObject([{ type: "requeued", reason: "lockTimeout" }]);
    expect(step.queue.entries[0]).toMatchObject({ deliveryCount: 0, isRedelivered: true });
  });

  // Rule c2d-expiry.
  it.each(["Enqueued", "Invisible"])("expires an entry that is %s", (state) => {
    const queue = state === "Enqueued" ? queueOf("a") : deliver(queueOf("a"), "t1", 5000);
    expect(advance(queue, 999).transitions).toEqual([]);
    expect(advance(queue, 1000)).toMatchObject({
      queue: { entries: [] },
      transitions: [{ type: "deadLettered", reason: "Expired" }],
    });
  });

  it("expires rather than requeues when both are due", () => {
    const queue = deliver(queueOf("a"), "t1", 1000);
    expect(advance(queue, 1000).transitions).toMatchObject([{ reason: "Expired" }]);
  });

  it("returns the same queue while nothing is due", () => {
    const queue = queueOf("a");
    expect(advance(queue, 1).queue).toBe(queue);
  });
});

describe("nextDueMs", () => {
  it("is the earliest expiry of an entry or a lock, undefined for an empty queue", () => {
    expect(nextDueMs(EMPTY_QUEUE)).toBeUndefined();
    expect(nextDueMs(queueOf("a", "b"))).toBe(1000);
    expect(nextDueMs(deliver(queueOf("a"), "t1", 60))).toBe(60);
    expect(nextDueMs(deliver(queueOf("a"), "t1", 5000))).toBe(1000);
  });
});

// Rules c2d-disconnect, c2d-delivery-count.
describe("releaseLocks", () => {
  it("requeues only the entries with these lock tokens, without counting", () => {
    const queue = deliver(deliver(queueOf("a", "b"), "t1"), "t2");
    const step = releaseLocks(queue, new Set(["t1", "unknown"]));
    expect(step.transitions).toMatchObject([
      { type: "requeued", reason: "disconnected", entry: { payload: "a", deliveryCount: 0 } },
    ]);
    expect(step.queue.entries[0]).toMatchObject({ isRedelivered: true });
    expect(step.queue.entries[1]).toHaveProperty("lock");
  });
});

// Rule c2d-purge.
describe("purge", () => {
  it("dead-letters every entry, in flight or not, and keeps the next number", () => {
    const step = purge(deliver(queueOf("a", "b"), "t1"));
    expect(step.transitions.map((one) => [one.type, one.entry.payload])).toEqual([
      ["deadLettered", "a"],
      ["deadLettered", "b"],
    ]);
    expect(step.queue).toMatchObject({ entries: [], nextSequenceNumber: 3 });
  });
});
