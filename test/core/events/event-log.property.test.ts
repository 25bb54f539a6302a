import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  EventLog,
  type LogCursor,
  type LoggedEvent,
  type LogLimits,
} from "../../../src/core/events/event-log.ts";
import type { EventPosition } from "../../../src/core/events/event-position.ts";
import { HubError } from "../../../src/core/hub-error.ts";
import { record } from "../record.ts";

const LIMITS: LogLimits = { retentionMs: 50, maxBytes: 40 };

type Operation =
  | { readonly type: "place"; readonly size: number }
  | { readonly type: "admit" }
  | { readonly type: "trim" }
  /** The clock may also go backwards. */
  | { readonly type: "turnClock"; readonly byMs: number }
  | { readonly type: "locate"; readonly kind: EventPosition["type"]; readonly isInclusive: boolean }
  | { readonly type: "read"; readonly pick: number }
  | { readonly type: "restore" };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: record("place", { size: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 8, arbitrary: record("admit", {}) },
  { weight: 3, arbitrary: record("trim", {}) },
  { weight: 4, arbitrary: record("turnClock", { byMs: fc.integer({ min: -15, max: 30 }) }) },
  {
    weight: 4,
    arbitrary: record("locate", {
      kind: fc.constantFrom<EventPosition["type"]>(
        "start",
        "end",
        "offset",
        "sequenceNumber",
        "enqueuedTime",
      ),
      isInclusive: fc.boolean(),
    }),
  },
  { weight: 8, arbitrary: record("read", { pick: fc.nat() }) },
  { weight: 1, arbitrary: record("restore", {}) },
);

/** A reader in the model. */
interface ModelReader {
  isWanted(event: LoggedEvent<number>): boolean;
  lastRead: number;
  readonly cursor: LogCursor;
}

/** The real log, and an array of all events so far. */
class Driver {
  log = new EventLog<number>();
  nowMs = 1000;
  readonly placed: LoggedEvent<number>[] = [];
  readonly history: LoggedEvent<number>[] = [];
  kept: LoggedEvent<number>[] = [];
  readonly readers: ModelReader[] = [];
  #wasRestoredEmpty = false;

  do(operation: Operation): void {
    if (operation.type === "place") this.#place(operation.size);
    else if (operation.type === "admit") this.#admit();
    else if (operation.type === "trim") this.#trim();
    else if (operation.type === "turnClock") this.nowMs += operation.byMs;
    else if (operation.type === "locate") this.#locate(operation.kind, operation.isInclusive);
    else if (operation.type === "read") this.#read(operation.pick);
    else this.#restore();
  }

  #place(size: number): void {
    const before = [...this.history, ...this.placed];
    const event = this.log.place(before.length, size, this.nowMs);
    expect(event).toEqual({
      sequenceNumber: before.length,
      offset: before.reduce((sum, one) => sum + one.size, 0),
      enqueuedTimeMs: event.enqueuedTimeMs,
      size,
      payload: before.length,
    });
    // A log that was restored empty has no last time.
    const lastMs = this.#wasRestoredEmpty ? this.nowMs : (before.at(-1)?.enqueuedTimeMs ?? 0);
    expect(event.enqueuedTimeMs).toBe(Math.max(this.nowMs, lastMs));
    this.#wasRestoredEmpty = false;
    this.placed.push(event);
  }

  #admit(): void {
    const event = this.placed.shift();
    if (event === undefined) return;
    this.log.admit(event);
    this.history.push(event);
    this.kept.push(event);
  }

  #trim(): void {
    const bytes = (): number => this.kept.reduce((sum, { size }) => sum + size, 0);
    const gone: LoggedEvent<number>[] = [];
    for (let [first] = this.kept; first !== undefined; [first] = this.kept) {
      const isOld = this.nowMs - first.enqueuedTimeMs >= LIMITS.retentionMs;
      if (!isOld && bytes() <= LIMITS.maxBytes) break;
      gone.push(first);
      this.kept = this.kept.slice(1);
    }
    expect(this.log.trim(LIMITS, this.nowMs)).toEqual(gone);
    const [oldest] = this.kept;
    expect(this.log.nextDueMs(LIMITS)).toBe(oldest && oldest.enqueuedTimeMs + LIMITS.retentionMs);
  }

  /** Around the middle of the history. */
  #locate(kind: EventPosition["type"], isInclusive: boolean): void {
    const last = this.log.properties();
    const wanted = this.history.at(Math.floor(this.history.length / 2));
    const { sequenceNumber = -1, offset = -1, enqueuedTimeMs: timeMs = this.nowMs } = wanted ?? {};
    const position: EventPosition =
      kind === "offset"
        ? { type: kind, offset, isInclusive }
        : kind === "sequenceNumber"
          ? { type: kind, sequenceNumber, isInclusive }
          : kind === "enqueuedTime"
            ? { type: kind, timeMs, isInclusive }
            : { type: kind };
    this.readers.push({
      cursor: this.log.locate(position),
      isWanted: wantedBy(position, last.lastSequenceNumber),
      lastRead: -1,
    });
  }

  /** Expects the oldest kept event that the reader wants and has not read. */
  #read(pick: number): void {
    const reader = this.readers[pick % Math.max(this.readers.length, 1)];
    if (reader === undefined) return;
    const next = this.kept.find(
      (event) => event.sequenceNumber > reader.lastRead && reader.isWanted(event),
    );
    expect(this.log.read(reader.cursor)).toEqual(next);
    reader.lastRead = next?.sequenceNumber ?? this.history.at(-1)?.sequenceNumber ?? -1;
  }

  /** As after a restart, with nothing placed but not admitted. */
  #restore(): void {
    if (this.placed.length > 0) return;
    this.log = new EventLog(this.kept, this.log.end);
    this.#wasRestoredEmpty = this.kept.length === 0;
  }

  check(): void {
    const last = this.history.at(-1);
    const properties = this.log.properties();
    expect(properties).toMatchObject({
      beginSequenceNumber: this.kept[0]?.sequenceNumber ?? (last?.sequenceNumber ?? -1) + 1,
      lastSequenceNumber: last?.sequenceNumber ?? -1,
      isEmpty: this.kept.length === 0,
    });
    const { end } = this.log;
    for (const { sequenceNumber, offset } of this.history) {
      expect(sequenceNumber).toBeLessThan(end.sequenceNumber);
      expect(offset).toBeLessThanOrEqual(Math.max(properties.lastOffset, end.offset - 1));
    }
  }
}

function wantedBy(position: EventPosition, last: number): ModelReader["isWanted"] {
  switch (position.type) {
    case "start":
      return () => true;
    case "end":
      return ({ sequenceNumber }) => sequenceNumber > last;
    case "offset":
      return ({ offset }) =>
        offset > position.offset || (position.isInclusive && offset === position.offset);
    case "sequenceNumber":
      return ({ sequenceNumber: own }) =>
        own > position.sequenceNumber || (position.isInclusive && own === position.sequenceNumber);
    case "enqueuedTime":
      return ({ enqueuedTimeMs }) =>
        enqueuedTimeMs > position.timeMs ||
        (position.isInclusive && enqueuedTimeMs === position.timeMs);
  }
}

describe("an event log", () => {
  // Rules event-sequence, event-position, event-retention.
  it("behaves like an array of all events", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
        const driver = new Driver();
        for (const one of operations) {
          driver.do(one);
          driver.check();
        }
      }),
      { numRuns: 400 },
    );
  });

  it("refuses exactly the positions beyond its end", () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.nat(5),
        fc.integer({ min: -3, max: 30 }),
        (count, gone, wanted) => {
          const log = new EventLog<number>();
          for (let n = 0; n < count; n++) log.admit(log.place(n, 1, n));
          log.trim({ retentionMs: 1e9, maxBytes: Math.max(count - gone, 0) }, count);
          const isRefused = (position: EventPosition): boolean => {
            try {
              log.locate(position);
              return false;
            } catch (error) {
              expect(error).toBeInstanceOf(HubError);
              return true;
            }
          };
          const last = count - 1;
          for (const isInclusive of [false, true]) {
            expect(isRefused({ type: "offset", offset: wanted, isInclusive })).toBe(wanted > last);
          }
          const number = { type: "sequenceNumber", sequenceNumber: wanted } as const;
          expect(isRefused({ ...number, isInclusive: false })).toBe(wanted > last);
          expect(isRefused({ ...number, isInclusive: true })).toBe(wanted > last + 1);
        },
      ),
    );
  });
});
