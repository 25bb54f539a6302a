import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type EventPosition, parseEventPosition } from "../../../src/core/events/event-position.ts";

const OFFSET = "amqp.annotation.x-opt-offset";
const NUMBER = "amqp.annotation.x-opt-sequence-number";
const TIME = "amqp.annotation.x-opt-enqueued-time";
const OLD_TIME = "amqp.annotation.x-opt-enqueuedtimeutc";

const REFUSED = expect.objectContaining({ name: "ArgumentInvalid" });

// Rule event-position.
describe("a filter", () => {
  it.each<[string, EventPosition]>([
    [`${OFFSET} > '-1'`, { type: "start" }],
    [`${OFFSET} >= '-1'`, { type: "start" }],
    [`${OFFSET} > '@latest'`, { type: "end" }],
    [`${OFFSET} > '@Latest'`, { type: "end" }],
    [`${OFFSET} > @latest`, { type: "end" }],
    [`${OFFSET} > '0'`, { type: "offset", offset: 0, isInclusive: false }],
    [`${OFFSET} >= '4711'`, { type: "offset", offset: 4711, isInclusive: true }],
    [`${OFFSET} > 4711`, { type: "offset", offset: 4711, isInclusive: false }],
    [`${NUMBER} > '7'`, { type: "sequenceNumber", sequenceNumber: 7, isInclusive: false }],
    [`${NUMBER} >= '7'`, { type: "sequenceNumber", sequenceNumber: 7, isInclusive: true }],
    [`${NUMBER} > '-1'`, { type: "sequenceNumber", sequenceNumber: -1, isInclusive: false }],
    [`${TIME} > '0'`, { type: "enqueuedTime", timeMs: 0, isInclusive: false }],
    [
      `${TIME} > '1767225600000'`,
      { type: "enqueuedTime", timeMs: 1767225600000, isInclusive: false },
    ],
    [`${TIME} >= 5`, { type: "enqueuedTime", timeMs: 5, isInclusive: true }],
    // The az tool: another name, no quotes.
    [
      `${OLD_TIME} > 1767225600000`,
      { type: "enqueuedTime", timeMs: 1767225600000, isInclusive: false },
    ],
    [`  ${NUMBER}>='7'  `, { type: "sequenceNumber", sequenceNumber: 7, isInclusive: true }],
    [`${NUMBER}   >   7`, { type: "sequenceNumber", sequenceNumber: 7, isInclusive: false }],
    [`\t${TIME}\n>\t'7'\n`, { type: "enqueuedTime", timeMs: 7, isInclusive: false }],
    [`AMQP.Annotation.X-Opt-Offset > '3'`, { type: "offset", offset: 3, isInclusive: false }],
  ])("%o", (expression, position) => {
    expect(parseEventPosition(expression)).toEqual(position);
  });

  it.each([
    "",
    " ",
    "x",
    OFFSET,
    `${OFFSET} >`,
    `${OFFSET} > ''`,
    `${OFFSET} > '7`,
    `${OFFSET} > 7'`,
    `${OFFSET} > "7"`,
    `${OFFSET} < '7'`,
    `${OFFSET} = '7'`,
    `${OFFSET} => '7'`,
    `${OFFSET} > > '7'`,
    `${OFFSET} > '7' OR 1=1`,
    `${OFFSET} > '7' AND ${OFFSET} > '8'`,
    `${OFFSET} > 'seven'`,
    `${OFFSET} > '7.5'`,
    `${OFFSET} > '1e3'`,
    `${OFFSET} > '0x10'`,
    `${OFFSET} > '+7'`,
    `${OFFSET} > ' 7 '`,
    `${OFFSET} > '--1'`,
    `${OFFSET} > '9007199254740993'`,
    `${NUMBER} > '@latest'`,
    `${TIME} > '2026-01-01T00:00:00Z'`,
    `${TIME} > 'NaN'`,
    "amqp.annotation.x-opt-partition-key > '7'",
    "amqp.annotation.x-opt-offset-too > '7'",
    "x-opt-offset > '7'",
    "annotation.x-opt-offset > '7'",
  ])("%o is refused", (expression) => {
    expect(() => parseEventPosition(expression)).toThrow(REFUSED);
  });

  it("with any number is parsed as that number", () => {
    const named = fc.constantFrom(OFFSET, NUMBER, TIME, OLD_TIME);
    const value = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(named, fc.constantFrom(">", ">="), value, fc.boolean(), (name, op, n, quoted) => {
        const position = parseEventPosition(`${name} ${op} ${quoted ? `'${n}'` : n}`);
        expect(Object.values(position)).toContain(n);
        expect(position).toMatchObject({ isInclusive: op === ">=" });
      }),
    );
  });

  it("with any text is a position or refused", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(OFFSET, " ", ">", "=", "'", "-", "1", "@latest") }),
    );
    fc.assert(
      fc.property(text, (any) => {
        try {
          parseEventPosition(any);
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
      }),
    );
  });

  it("is parsed in linear time: backtracking would exceed the time limit of the test", () => {
    expect(() => parseEventPosition(`${OFFSET} > ${" ".repeat(1_000_000)}'x`)).toThrow(REFUSED);
  });
});
