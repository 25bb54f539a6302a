import fc from "fast-check";
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
  type Step,
  settle,
} from "../../src/core/message-queue.ts";
import { record } from "./record.ts";

const MAX_DELIVERY_COUNT = 3;

/** `pick` chooses among all locks so far, including ended ones. */
type Operation =
  | { readonly type: "enqueue"; readonly ttlMs: number }
  | { readonly type: "deliver"; readonly lockMs: number }
  | { readonly type: "settle"; readonly pick: number; readonly settlement: Settlement }
  | { readonly type: "release"; readonly picks: readonly number[] }
  | { readonly type: "wait"; readonly byMs: number }
  | { readonly type: "purge" };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: record("enqueue", { ttlMs: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 5, arbitrary: record("deliver", { lockMs: fc.integer({ min: 1, max: 30 }) }) },
  {
    weight: 5,
    arbitrary: record("settle", {
      pick: fc.nat(),
      settlement: fc.constantFrom<Settlement>("complete", "abandon", "reject"),
    }),
  },
  { weight: 1, arbitrary: record("release", { picks: fc.array(fc.nat(), { maxLength: 3 }) }) },
  { weight: 3, arbitrary: record("wait", { byMs: fc.integer({ min: 0, max: 20 }) }) },
  { weight: 1, arbitrary: record("purge", {}) },
);

/** Drives a queue and records all its transitions. */
class Driver {
  queue: MessageQueue<number> = EMPTY_QUEUE;
  nowMs = 0;
  readonly tokens: string[] = [];
  readonly ends = new Map<number, string[]>();
  readonly numbers: number[] = [];
  #payload = 0;

  run(one: Operation): void {
    // The hub advances a queue before each operation.
    this.apply(advance(this.queue, this.nowMs));
    this.apply(this.#step(one));
  }

  #step(one: Operation): Step<number> {
    const { queue, nowMs } = this;
    switch (one.type) {
      case "enqueue":
        return enqueue(queue, this.#payload++, { nowMs, expiryTimeMs: nowMs + one.ttlMs });
      case "deliver": {
        const lock = { token: `t${this.tokens.length}`, untilMs: nowMs + one.lockMs };
        this.tokens.push(lock.token);
        return deliverNext(queue, lock);
      }
      case "settle": {
        const token = this.#token(one.pick);
        const outcome = settle(queue, token, one.settlement, MAX_DELIVERY_COUNT);
        return outcome.type === "settled" ? outcome : { queue, transitions: [] };
      }
      case "release":
        return releaseLocks(queue, new Set(one.picks.map((pick) => this.#token(pick))));
      case "wait":
        this.nowMs += one.byMs;
        return advance(queue, this.nowMs);
      case "purge":
        return purge(queue);
    }
  }

  apply({ queue, transitions }: Step<number>): void {
    this.queue = queue;
    for (const transition of transitions) {
      const { sequenceNumber } = transition.entry;
      if (transition.type === "enqueued") this.numbers.push(sequenceNumber);
      if (transition.type !== "completed" && transition.type !== "deadLettered") continue;
      this.ends.set(sequenceNumber, [...(this.ends.get(sequenceNumber) ?? []), transition.type]);
    }
  }

  #token(pick: number): string {
    return this.tokens[pick % Math.max(this.tokens.length, 1)] ?? "none";
  }
}

const operations = fc.array(operation, { maxLength: 80 });

/** Checks this after each of any operations. */
function always(check: (driver: Driver) => void): void {
  fc.assert(
    fc.property(operations, (all) => {
      const driver = new Driver();
      for (const one of all) {
        driver.run(one);
        check(driver);
      }
    }),
  );
}

// Rules c2d-states, c2d-order.
describe("a queue, after any operations,", () => {
  it("keeps its entries in the order of their numbers", () => {
    always(({ queue }) => {
      const numbers = queue.entries.map(({ sequenceNumber }) => sequenceNumber);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    });
  });

  it("never reuses a sequence number", () => {
    always(({ numbers, queue }) => {
      expect(new Set(numbers).size).toBe(numbers.length);
      expect(queue.nextSequenceNumber).toBeGreaterThan(Math.max(0, ...numbers));
    });
  });

  it("never has one lock token on two entries", () => {
    always(({ queue }) => {
      const tokens = queue.entries.flatMap(({ lock }) => (lock ? [lock.token] : []));
      expect(new Set(tokens).size).toBe(tokens.length);
    });
  });

  it("keeps each entry queued or ends it exactly once", () => {
    always(({ queue, ends, numbers }) => {
      const queued = new Set(queue.entries.map(({ sequenceNumber }) => sequenceNumber));
      for (const number of numbers) {
        expect((ends.get(number)?.length ?? 0) + (queued.has(number) ? 1 : 0)).toBe(1);
      }
    });
  });

  it("has nothing due after advancing, and no entry at its maximum delivery count", () => {
    always(({ queue, nowMs }) => {
      const due = nextDueMs(advance(queue, nowMs).queue) ?? Number.POSITIVE_INFINITY;
      expect(due).toBeGreaterThan(nowMs);
      for (const { deliveryCount } of queue.entries) {
        expect(deliveryCount).toBeLessThan(MAX_DELIVERY_COUNT);
      }
    });
  });
});

/** A simple model of the rules: a list of mutable records. */
class QueueModel {
  entries: { number: number; payload: number; expiry: number; count: number; lock?: ModelLock }[] =
    [];
  log: string[] = [];
  #next = 1;

  run(one: Operation, nowMs: number, payload: number, token: string, picked: string[]): void {
    this.#passTime(nowMs);
    switch (one.type) {
      case "enqueue":
        this.entries.push({ number: this.#next++, payload, expiry: nowMs + one.ttlMs, count: 0 });
        break;
      case "deliver": {
        const visible = this.entries.filter((entry) => !entry.lock)[0];
        if (visible) {
          visible.lock = { token, until: nowMs + one.lockMs };
          this.log.push(`deliver ${visible.number}`);
        }
        break;
      }
      case "settle":
        for (const entry of [...this.entries]) {
          if (entry.lock?.token !== picked[0]) continue;
          delete entry.lock;
          if (one.settlement === "complete") this.#end(entry.number, "complete");
          else if (one.settlement === "reject") this.#end(entry.number, "Rejected");
          else if (++entry.count === MAX_DELIVERY_COUNT)
            this.#end(entry.number, "DeliveryCountExceeded");
        }
        break;
      case "release":
        for (const entry of this.entries) {
          if (entry.lock && picked.includes(entry.lock.token)) delete entry.lock;
        }
        break;
      case "wait":
        this.#passTime(nowMs + one.byMs);
        break;
      case "purge":
        for (const { number } of [...this.entries]) this.#end(number, "Purged");
        break;
    }
  }

  #passTime(nowMs: number): void {
    for (const entry of [...this.entries]) {
      if (entry.expiry <= nowMs) this.#end(entry.number, "Expired");
      else if (entry.lock && entry.lock.until <= nowMs) delete entry.lock;
    }
  }

  #end(number: number, how: string): void {
    this.entries = this.entries.filter((entry) => entry.number !== number);
    this.log.push(`${how} ${number}`);
  }
}

interface ModelLock {
  token: string;
  until: number;
}

// Rules c2d-states, c2d-order, c2d-delivery-count.
describe("a queue", () => {
  it("delivers, ends and keeps the same entries as a model, in the same order", () => {
    fc.assert(
      fc.property(operations, (all) => {
        const model = new QueueModel();
        const log: string[] = [];
        const driver = new Driver();
        const apply = driver.apply.bind(driver);
        driver.apply = (step) => {
          apply(step);
          for (const one of step.transitions) {
            const { sequenceNumber } = one.entry;
            if (one.type === "delivered") log.push(`deliver ${sequenceNumber}`);
            if (one.type === "completed") log.push(`complete ${sequenceNumber}`);
            if (one.type === "deadLettered") log.push(`${one.reason} ${sequenceNumber}`);
          }
        };
        let payload = 0;
        for (const one of all) {
          const { tokens, nowMs } = driver;
          const tokenOf = (pick: number) => tokens[pick % Math.max(tokens.length, 1)] ?? "none";
          const picks =
            one.type === "release" ? one.picks : one.type === "settle" ? [one.pick] : [];
          model.run(one, nowMs, payload, `t${tokens.length}`, picks.map(tokenOf));
          driver.run(one);
          if (one.type === "enqueue") payload++;
          expect(log).toEqual(model.log);
          expect(driver.queue.entries.map((entry) => [entry.payload, entry.deliveryCount])).toEqual(
            model.entries.map((entry) => [entry.payload, entry.count]),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
