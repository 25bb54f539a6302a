import type { EventRing, RecordedEvent, RingCursor } from "./event-ring.ts";

/** Events that are missing because the ring no longer has them, or is younger. */
export interface RingGap {
  /** Milliseconds since the epoch: the time of the next event, or of the hub's start. */
  readonly untilMs: number;
  /** Absent if unknown. */
  readonly missing?: number;
}

export type RingItem = { readonly gap: RingGap } | RecordedEvent;

export interface RingRequest {
  /** Milliseconds since the epoch. Default: everything that the ring has. */
  readonly sinceMs?: number;
  /** Instead of a time: the number of the last event that is known. */
  readonly after?: number;
  readonly isFollowing: boolean;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Events handed over at once. */
const MAX_ITEMS = 200;
const MAX_BODY_BYTES = 64 * 1024;

/**
 * What one turn of the event loop has brought, and no more than the reader asks for: one that is too
 * slow finds a gap.
 */
export async function* readRing(
  ring: EventRing,
  request: RingRequest,
): AsyncGenerator<readonly RingItem[]> {
  const { after, sinceMs = Number.NEGATIVE_INFINITY, isFollowing, signal } = request;
  const cursor = after === undefined ? ring.cursorFrom(sinceMs) : ring.cursorAt(after + 1);
  const end = isFollowing ? Number.POSITIVE_INFINITY : ring.nextNumber;
  const gap = after === undefined ? findFirstGap(ring, request) : undefined;
  if (gap !== undefined) yield [{ gap }];
  while (!signal.aborted) {
    const items = takeItems(ring, cursor, end);
    if (items.length > 0) yield items;
    else if (isFollowing) await untilRecorded(ring, signal);
    else return;
  }
}

function findFirstGap(ring: EventRing, { sinceMs }: RingRequest): RingGap | undefined {
  const missing = ring.firstNumber - 1;
  if (missing > 0 && (sinceMs === undefined || sinceMs <= ring.lastDiscardedMs)) {
    const untilMs = ring.read(ring.cursorAt(ring.firstNumber))?.timeMs ?? ring.lastDiscardedMs;
    return sinceMs === undefined ? { untilMs, missing } : { untilMs };
  }
  const isBeforeStart = sinceMs !== undefined && sinceMs < ring.startedMs;
  return isBeforeStart ? { untilMs: ring.startedMs } : undefined;
}

function takeItems(ring: EventRing, cursor: RingCursor, end: number): RingItem[] {
  const items: RingItem[] = [];
  let bytes = 0;
  while (cursor.number < end && items.length < MAX_ITEMS && bytes < MAX_BODY_BYTES) {
    const expected = cursor.number;
    const recorded = ring.read(cursor);
    if (recorded === undefined) break;
    const { number, timeMs, message } = recorded;
    if (number > expected) items.push({ gap: { untilMs: timeMs, missing: number - expected } });
    items.push(recorded);
    bytes += message?.body.length ?? 0;
  }
  return items;
}

async function untilRecorded(ring: EventRing, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      endWatch();
      signal.removeEventListener("abort", wake);
      setImmediate(resolve);
    };
    const endWatch = ring.watch(wake);
    signal.addEventListener("abort", wake, { once: true });
  });
}
