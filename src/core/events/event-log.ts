/** A class, unlike the queues: appending to a value would copy tens of thousands of events. */

import { HubError } from "../hub-error.ts";
import type { EventPosition } from "./event-position.ts";

export interface LoggedEvent<T> {
  /** Counts from 0 (rule event-sequence). */
  readonly sequenceNumber: number;
  /** In bytes, from the partition's beginning. */
  readonly offset: number;
  /** Milliseconds since the epoch, UTC; never before that of the event before. */
  readonly enqueuedTimeMs: number;
  /** Counted against the log's size limit, in bytes. */
  readonly size: number;
  readonly payload: T;
}

/** Sequence number and offset of the next event. */
export interface LogEnd {
  readonly sequenceNumber: number;
  readonly offset: number;
}

export interface LogLimits {
  readonly retentionMs: number;
  /** Of one partition. */
  readonly maxBytes: number;
}

export interface PartitionProperties {
  readonly beginSequenceNumber: number;
  /** -1 before the first event. */
  readonly lastSequenceNumber: number;
  readonly lastOffset: number;
  readonly lastEnqueuedTimeMs: number | undefined;
  readonly isEmpty: boolean;
}

export interface LogCursor {
  nextSequenceNumber: number;
  /** Events enqueued earlier are skipped, in milliseconds since the epoch. */
  readonly fromMs: number;
}

interface LogLast extends LogEnd {
  readonly enqueuedTimeMs: number | undefined;
}

export class EventLog<T> {
  #events: LoggedEvent<T>[];
  /** Index of the first event in the array. */
  #head = 0;
  #bytes: number;
  /** The last event, even if trimmed. */
  #last: LogLast;
  /** Place of the next event; may be ahead of the admitted events. */
  #end: LogEnd;
  #lastTimeMs: number;

  constructor(
    events: readonly LoggedEvent<T>[] = [],
    end: LogEnd = { sequenceNumber: 0, offset: 0 },
  ) {
    this.#events = [...events];
    this.#bytes = events.reduce((sum, { size }) => sum + size, 0);
    this.#last = events.at(-1) ?? lastBefore(end);
    this.#lastTimeMs = this.#last.enqueuedTimeMs ?? 0;
    this.#end = end;
  }

  get end(): LogEnd {
    return this.#end;
  }

  /** The event can be read once it is admitted; events are admitted in order. */
  place(payload: T, size: number, nowMs: number): LoggedEvent<T> {
    const { sequenceNumber, offset } = this.#end;
    this.#lastTimeMs = Math.max(nowMs, this.#lastTimeMs);
    this.#end = { sequenceNumber: sequenceNumber + 1, offset: offset + size };
    return { sequenceNumber, offset, enqueuedTimeMs: this.#lastTimeMs, size, payload };
  }

  admit(event: LoggedEvent<T>): void {
    this.#events.push(event);
    this.#bytes += event.size;
    this.#last = event;
  }

  /** Removes events beyond the age and size limits (rule event-retention). */
  trim({ retentionMs, maxBytes }: LogLimits, nowMs: number): LoggedEvent<T>[] {
    const trimmed: LoggedEvent<T>[] = [];
    for (;;) {
      const first = this.#events[this.#head];
      if (first === undefined) break;
      if (this.#bytes <= maxBytes && nowMs - first.enqueuedTimeMs < retentionMs) break;
      this.#head += 1;
      this.#bytes -= first.size;
      trimmed.push(first);
    }
    // Rare enough to be cheap, often enough to free trimmed events soon.
    if (this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
      this.#head = 0;
    }
    return trimmed;
  }

  nextDueMs({ retentionMs }: LogLimits): number | undefined {
    const first = this.#events[this.#head];
    return first && first.enqueuedTimeMs + retentionMs;
  }

  /** @throws HubError ArgumentInvalid for an offset or sequence number after the last one. */
  locate(position: EventPosition): LogCursor {
    const from = (isBefore: (event: LoggedEvent<T>) => boolean, fromMs = 0): LogCursor => ({
      nextSequenceNumber: this.#findFirst(isBefore),
      fromMs,
    });
    const last = this.properties();
    switch (position.type) {
      case "start":
        return from(() => false);
      case "end":
        return { nextSequenceNumber: last.lastSequenceNumber + 1, fromMs: 0 };
      case "offset": {
        const { offset, isInclusive } = position;
        requireWithin("offset", offset, last.lastOffset);
        return from((event) => (isInclusive ? event.offset < offset : event.offset <= offset));
      }
      case "sequenceNumber": {
        const { sequenceNumber: wanted, isInclusive } = position;
        requireWithin(
          "sequence number",
          isInclusive ? wanted - 1 : wanted,
          last.lastSequenceNumber,
        );
        return from(({ sequenceNumber: own }) => (isInclusive ? own < wanted : own <= wanted));
      }
      case "enqueuedTime": {
        const fromMs = position.isInclusive ? position.timeMs : position.timeMs + 1;
        return from(({ enqueuedTimeMs }) => enqueuedTimeMs < fromMs, fromMs);
      }
    }
  }

  /** Advances the cursor; undefined at the end. */
  read(cursor: LogCursor): LoggedEvent<T> | undefined {
    for (;;) {
      const event = this.#at(cursor.nextSequenceNumber);
      if (event === undefined) return undefined;
      cursor.nextSequenceNumber = event.sequenceNumber + 1;
      if (event.enqueuedTimeMs >= cursor.fromMs) return event;
    }
  }

  properties(): PartitionProperties {
    const first = this.#events[this.#head];
    const { sequenceNumber, offset, enqueuedTimeMs } = this.#last;
    return {
      beginSequenceNumber: first?.sequenceNumber ?? sequenceNumber + 1,
      lastSequenceNumber: sequenceNumber,
      lastOffset: offset,
      lastEnqueuedTimeMs: enqueuedTimeMs,
      isEmpty: first === undefined,
    };
  }

  /** Or the first event, if that one has been trimmed. */
  #at(sequenceNumber: number): LoggedEvent<T> | undefined {
    const first = this.#events[this.#head];
    if (first === undefined) return undefined;
    const index = Math.max(sequenceNumber - first.sequenceNumber, 0);
    return this.#events[this.#head + index];
  }

  /** The number of the first event that is not before, or of the next event if all are. */
  #findFirst(isBefore: (event: LoggedEvent<T>) => boolean): number {
    let [low, high] = [this.#head, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = this.#events[middle];
      if (event !== undefined && isBefore(event)) low = middle + 1;
      else high = middle;
    }
    return this.#events[low]?.sequenceNumber ?? this.properties().lastSequenceNumber + 1;
  }
}

/** A log that was restored empty still knows its end. */
function lastBefore({ sequenceNumber, offset }: LogEnd): LogLast {
  return { sequenceNumber: sequenceNumber - 1, offset: offset - 1, enqueuedTimeMs: undefined };
}

/** Event Hubs' own message for a position that it has not reached. */
function requireWithin(what: string, wanted: number, last: number): void {
  if (wanted <= last) return;
  throw new HubError(
    "ArgumentInvalid",
    `The supplied ${what} '${wanted}' is invalid. The last ${what} in the system is '${last}'`,
  );
}
