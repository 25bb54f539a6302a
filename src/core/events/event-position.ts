import { HubError } from "../hub-error.ts";

/** Everything after that place; `isInclusive` includes the place itself. */
export type EventPosition =
  | { readonly type: "start" }
  | { readonly type: "end" }
  | { readonly type: "offset"; readonly offset: number; readonly isInclusive: boolean }
  | {
      readonly type: "sequenceNumber";
      readonly sequenceNumber: number;
      readonly isInclusive: boolean;
    }
  /** Milliseconds since the epoch, UTC. */
  | { readonly type: "enqueuedTime"; readonly timeMs: number; readonly isInclusive: boolean };

const FORM = /^amqp\.annotation\.x-opt-([a-z-]+)\s*(>=?)\s*('?)([^'\s]*)\3$/i;

const START_OFFSET = "-1";
const END_OFFSET = "@latest";

/** @throws HubError ArgumentInvalid. Quotes around the value are optional (rule event-position). */
export function parseEventPosition(expression: string): EventPosition {
  const [, name, operator, , value = ""] = FORM.exec(expression.trim()) ?? [];
  const isInclusive = operator === ">=";
  switch (name?.toLowerCase()) {
    case "offset":
      if (value === START_OFFSET) return { type: "start" };
      if (value.toLowerCase() === END_OFFSET) return { type: "end" };
      return { type: "offset", offset: parseNumber(value, expression), isInclusive };
    case "sequence-number": {
      const sequenceNumber = parseNumber(value, expression);
      return { type: "sequenceNumber", sequenceNumber, isInclusive };
    }
    // The older name is the one that az uses.
    case "enqueued-time":
    case "enqueuedtimeutc":
      return { type: "enqueuedTime", timeMs: parseNumber(value, expression), isInclusive };
    default:
      throw unreadable(expression);
  }
}

function parseNumber(text: string, expression: string): number {
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw unreadable(expression);
}

function unreadable(expression: string): HubError {
  return new HubError(
    "ArgumentInvalid",
    `The filter '${expression}' does not compare x-opt-offset, x-opt-sequence-number or x-opt-enqueued-time with a value.`,
  );
}
