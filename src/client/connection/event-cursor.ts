export type EventStart =
  | { readonly type: "latest" }
  /** Inclusive. */
  | { readonly type: "enqueuedTime"; readonly sinceMs: number };

export type PartitionPosition =
  | { readonly type: "beginning" }
  | { readonly type: "after"; readonly sequenceNumber: number }
  | { readonly type: "since"; readonly timeMs: number };

export interface PartitionState {
  readonly partitionId: string;
  /** -1 before its first event. */
  readonly lastSequenceNumber: number;
}

const BEFORE_THE_FIRST = -1;

export class EventCursor {
  readonly #start: EventStart;
  readonly #lastRead = new Map<string, number>();

  constructor(start: EventStart) {
    this.#start = start;
  }

  /** By sequence number once it is known, so that no event is missed or read twice. */
  locate({ partitionId, lastSequenceNumber }: PartitionState): PartitionPosition {
    const lastRead = this.#lastRead.get(partitionId);
    if (lastRead === undefined && this.#start.type === "enqueuedTime") {
      return { type: "since", timeMs: this.#start.sinceMs };
    }
    // A hub that lost its events counts from 0 again, and refuses a number it has not reached.
    const isCountedAnew = lastRead !== undefined && lastRead > lastSequenceNumber;
    const from = isCountedAnew ? BEFORE_THE_FIRST : (lastRead ?? lastSequenceNumber);
    this.#lastRead.set(partitionId, from);
    return from === BEFORE_THE_FIRST
      ? { type: "beginning" }
      : { type: "after", sequenceNumber: from };
  }

  /** 0 before the first event read. */
  gapBefore(partitionId: string, sequenceNumber: number): number {
    const lastRead = this.#lastRead.get(partitionId);
    return lastRead === undefined ? 0 : sequenceNumber - lastRead - 1;
  }

  advance(partitionId: string, sequenceNumber: number): void {
    this.#lastRead.set(partitionId, sequenceNumber);
  }
}
