/** How far each partition has been read: where the first connection starts and later ones continue. */

/** Which of the existing events to read. */
export type EventStart =
  /** Only those enqueued from now on. */
  | { readonly type: "latest" }
  /** Those enqueued at this time (milliseconds since the epoch, UTC) and later. */
  | { readonly type: "enqueuedTime"; readonly sinceMs: number };

/** Where in a partition to start reading. */
export type PartitionPosition =
  | { readonly type: "beginning" }
  /** After the event with this sequence number. */
  | { readonly type: "after"; readonly sequenceNumber: number }
  | { readonly type: "since"; readonly timeMs: number };

/** Properties of a partition, from the hub. */
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
   * Uses sequence numbers once they are known: however often the link is attached, no event is
   * missed and none is read twice.
   */
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

  /** How many events are missing between the last one read and this one; 0 before the first. */
  gapBefore(partitionId: string, sequenceNumber: number): number {
    const lastRead = this.#lastRead.get(partitionId);
    return lastRead === undefined ? 0 : sequenceNumber - lastRead - 1;
  }

  /** Marks this event and all earlier ones of its partition as read. */
  advance(partitionId: string, sequenceNumber: number): void {
    this.#lastRead.set(partitionId, sequenceNumber);
  }
}
