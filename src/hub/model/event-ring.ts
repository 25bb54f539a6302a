/**
 * The hub's last events, for commands that look inside it. They are packed into blocks of memory: as
 * objects, they would cost the garbage collector a tenth of what the hub does for the messages.
 */

import type { Message } from "../../core/message.ts";
import type { HubEvent } from "./events.ts";
import { LENGTH_BYTES, PackedBytes } from "./packed-bytes.ts";
import { boundOfEvent, putEvent, takeEvent, takeEventType } from "./packed-event.ts";
import { boundOfMessage, putMessage, takeMessage } from "./packed-message.ts";

export interface RecordedEvent {
  /** Counts from 1 since the hub's start. */
  readonly number: number;
  /** Milliseconds since the epoch, UTC. */
  readonly timeMs: number;
  readonly event: HubEvent;
  /** What was enqueued, or what the device sent. */
  readonly message?: Message;
}

/** Of the next event to read. */
export interface RingCursor {
  number: number;
  /** In its block. */
  offset: number;
}

export interface RingSize {
  readonly blocks: number;
  /** Of one block. */
  readonly bytes: number;
}

interface Block {
  readonly packed: PackedBytes;
  firstNumber: number;
  /** In bytes. */
  end: number;
  lastMs: number;
}

/** 16 MiB, bodies included. A full ring discards the events of one block. */
const RING_SIZE: RingSize = { blocks: 16, bytes: 1024 * 1024 };

/**
 * What is new is packed here first: it stays in the processor's cache. Written where it is to stay,
 * each event would take memory that has not been used for long, which takes twice as long.
 */
const RECENT_BYTES = 32 * 1024;

/** Of an entry's length, its time, and whether a message follows. */
const HEAD_BYTES = 16;

export class EventRing {
  readonly startedMs: number;
  readonly #size: RingSize;
  /** The oldest first; allocated when they are needed. */
  readonly #blocks: Block[] = [];
  #newest: Block | undefined;
  /** They follow what is in the newest block. */
  readonly #recent = new PackedBytes(RECENT_BYTES);
  #recentBytes = 0;
  #nextNumber = 1;
  #lastDiscardedMs = Number.NEGATIVE_INFINITY;
  readonly #watchers = new Set<() => void>();

  constructor(startedMs: number, size = RING_SIZE) {
    this.startedMs = startedMs;
    this.#size = size;
  }

  record(event: HubEvent, timeMs: number, message?: Message): void {
    const eventBound = HEAD_BYTES + boundOfEvent(event);
    const bound = message ? eventBound + boundOfMessage(message) : eventBound;
    // One with tens of thousands of properties may not fit into a block.
    const kept = bound <= this.#size.bytes ? message : undefined;
    this.#put(kept ? bound : eventBound, event, timeMs, kept);
    this.#nextNumber += 1;
    if (this.#watchers.size > 0) for (const watch of this.#watchers) watch();
  }

  /** Of the oldest event that is kept, or of the next one. */
  get firstNumber(): number {
    return this.#blocks[0]?.firstNumber ?? this.#nextNumber;
  }

  get nextNumber(): number {
    return this.#nextNumber;
  }

  /** When the last discarded event happened; before all times if there is none. */
  get lastDiscardedMs(): number {
    return this.#lastDiscardedMs;
  }

  /** At the oldest event from this time on, or at the next one. */
  cursorFrom(timeMs: number): RingCursor {
    this.#moveRecent();
    const block = this.#blocks.find(({ lastMs }) => lastMs >= timeMs);
    if (block === undefined) return this.#cursorAtEnd();
    const cursor = { number: block.firstNumber, offset: 0 };
    while (timeOf(block, cursor) < timeMs) advance(block, cursor);
    return cursor;
  }

  /** At the event with this number, even if it has been discarded. */
  cursorAt(number: number): RingCursor {
    this.#moveRecent();
    if (number >= this.#nextNumber) return this.#cursorAtEnd();
    const block = this.#blocks.findLast(({ firstNumber }) => firstNumber <= number);
    const cursor = { number: block?.firstNumber ?? number, offset: 0 };
    while (block && cursor.number < number) advance(block, cursor);
    return cursor;
  }

  /**
   * Undefined at the end. If the event has been discarded, the oldest one is read: its number shows
   * how many are missing.
   */
  read(cursor: RingCursor): RecordedEvent | undefined {
    this.#moveRecent();
    const number = Math.max(cursor.number, this.firstNumber);
    const block = this.#blocks.findLast(({ firstNumber }) => firstNumber <= number);
    if (block === undefined || number >= this.#nextNumber) return undefined;
    if (number === block.firstNumber) Object.assign(cursor, { number, offset: 0 });
    const timeMs = timeOf(block, cursor);
    const { packed } = block;
    const hasMessage = packed.takeLength() === 1;
    const event = takeEvent(packed);
    const message = hasMessage ? takeMessage(packed, messageIdOf(event)) : undefined;
    advance(block, cursor);
    return { number, timeMs, event, ...(message && { message }) };
  }

  /** Type and time of each event that it has, the oldest first. */
  scan(visit: (type: HubEvent["type"] | undefined, timeMs: number) => void): void {
    this.#moveRecent();
    for (const block of this.#blocks) {
      const cursor = { number: block.firstNumber, offset: 0 };
      while (cursor.offset < block.end) {
        const timeMs = timeOf(block, cursor);
        block.packed.takeLength();
        visit(takeEventType(block.packed), timeMs);
        advance(block, cursor);
      }
    }
  }

  /** Calls the listener after each event; the returned function ends that. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  #cursorAtEnd(): RingCursor {
    return { number: this.#nextNumber, offset: this.#newest?.end ?? 0 };
  }

  #put(bound: number, event: HubEvent, timeMs: number, message: Message | undefined): void {
    if (this.#recentBytes + bound > RECENT_BYTES) this.#moveRecent();
    const block = this.#blockFor(bound);
    block.lastMs = timeMs;
    if (bound > RECENT_BYTES) block.end = pack(block.packed, block.end, event, timeMs, message);
    else this.#recentBytes = pack(this.#recent, this.#recentBytes, event, timeMs, message);
  }

  #moveRecent(): void {
    if (this.#newest === undefined || this.#recentBytes === 0) return;
    const { packed } = this.#newest;
    packed.position = this.#newest.end;
    packed.putStart(this.#recent, this.#recentBytes);
    this.#newest.end = packed.position;
    this.#recentBytes = 0;
  }

  #blockFor(bound: number): Block {
    const newestBytes = (this.#newest?.end ?? 0) + this.#recentBytes;
    if (this.#newest !== undefined && newestBytes + bound <= this.#size.bytes) return this.#newest;
    this.#moveRecent();
    const oldest = this.#blocks.length < this.#size.blocks ? undefined : this.#blocks.shift();
    if (oldest !== undefined) this.#lastDiscardedMs = oldest.lastMs;
    const packed = oldest?.packed ?? new PackedBytes(this.#size.bytes);
    const block = { packed, firstNumber: this.#nextNumber, end: 0, lastMs: 0 };
    this.#blocks.push(block);
    this.#newest = block;
    return block;
  }
}

/** Returns where it ends. */
function pack(
  packed: PackedBytes,
  start: number,
  event: HubEvent,
  timeMs: number,
  message: Message | undefined,
): number {
  packed.position = start + LENGTH_BYTES;
  packed.putNumber(timeMs);
  packed.putLength(message ? 1 : 0);
  putEvent(packed, event);
  if (message) putMessage(packed, message, messageIdOf(event));
  const end = packed.position;
  packed.position = start;
  packed.putLength(end - start);
  return end;
}

function messageIdOf(event: HubEvent): string | undefined {
  return event.type === "enqueued" || event.type === "telemetry" ? event.messageId : undefined;
}

/** Leaves the position behind it. */
function timeOf({ packed }: Block, { offset }: RingCursor): number {
  packed.position = offset + LENGTH_BYTES;
  return packed.takeNumber();
}

function advance({ packed }: Block, cursor: RingCursor): void {
  packed.position = cursor.offset;
  cursor.offset += packed.takeLength();
  cursor.number += 1;
}
