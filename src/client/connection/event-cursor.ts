/** How far each partition has been read: where the first connection starts, and each next one goes on. */

/** Which events are wanted of those that are there already. */
export type EventStart =
  /** Only those enqueued from now on. */
  | { readonly type: "latest" }
  /** Those enqueued at this time (milliseconds since the epoch, UTC) and later. */
  | { readonly type: "enqueuedTime"; readonly sinceMs: number };

/** Where in a partition reading begins. */
export type PartitionPosition =
  | { readonly type: "beginning" }
  /** After the event of this number. */
  | { readonly type: "after"; readonly sequenceNumber: number }
  | { readonly type: "since"; readonly timeMs: number };

/** What a hub tells of a partition. */
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

  /**
   * By numbers, once they are known: whenever the link is attached, and however often, no event is
   * missed and none comes twice.
   */
  locate({ partitionId, lastSequenceNumber }: PartitionState): PartitionPosition {
    const lastRead = this.#lastRead.get(partitionId);
    if (lastRead === undefined && this.#start.type === "enqueuedTime") {
      return { type: "since", timeMs: this.#start.sinceMs };
    }
    // A hub that forgot everything counts anew, and refuses a number that it has not reached.
    const isCountedAnew = lastRead !== undefined && lastRead > lastSequenceNumber;
    const from = isCountedAnew ? BEFORE_THE_FIRST : (lastRead ?? lastSequenceNumber);
    this.#lastRead.set(partitionId, from);
    return from === BEFORE_THE_FIRST
      ? { type: "beginning" }
      : { type: "after", sequenceNumber: from };
  }

  /** How many events are missing between the last one read and this one; 0 before the first. */
  gapBefore(partitionId: string, sequenceNumber: number): number {
    const lastRead = this.#lastRead.get(partitionId);
    return lastRead === undefined ? 0 : sequenceNumber - lastRead - 1;
  }

  /** This event and all before it in its partition need not come again. */
  advance(partitionId: string, sequenceNumber: number): void {
    this.#lastRead.set(partitionId, sequenceNumber);
  }
}
