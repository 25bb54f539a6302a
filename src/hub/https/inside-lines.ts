/** What is inside the hub, as lines of JSON. Times are ISO 8601, bodies base64. */

import { asBuffer, formatUtc } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import type { MessageQueue } from "../../core/message-queue.ts";
import type { EventRing } from "../model/event-ring.ts";
import { toQueuedMessage } from "../model/queued-message.ts";
import { type RingItem, type RingRequest, readRing } from "../model/read-ring.ts";

/** Characters handed to the response at once. */
const CHUNK_LENGTH = 64 * 1024;

export function* queueLines(
  queues: Iterable<readonly [deviceId: string, queue: MessageQueue<Message>]>,
  hasBodies: boolean,
): Generator<string> {
  let chunk = "";
  for (const [deviceId, { entries }] of queues) {
    for (const entry of entries) {
      chunk += toLine({ deviceId, ...toQueuedMessage(entry), ...bodyOf(entry.payload, hasBodies) });
      if (chunk.length < CHUNK_LENGTH) continue;
      yield chunk;
      chunk = "";
    }
  }
  if (chunk !== "") yield chunk;
}

/**
 * The first line says where it begins, and identifies this run of the hub: in each, the numbers of
 * events start at 1.
 */
export async function* logLines(
  ring: EventRing,
  request: RingRequest,
  hasBodies: boolean,
): AsyncGenerator<string> {
  const { after, sinceMs = Number.NEGATIVE_INFINITY } = request;
  const { number } = ring.cursorFrom(sinceMs);
  yield toLine({ startedMs: ring.startedMs, after: after ?? number - 1 });
  for await (const items of readRing(ring, request)) {
    yield items.map((item) => toLine(describeItem(item, hasBodies))).join("");
  }
}

function describeItem(item: RingItem, hasBodies: boolean): object {
  if ("gap" in item) {
    const { untilMs, missing } = item.gap;
    return { gap: { untilUtc: formatUtc(untilMs), missing } };
  }
  const { number, timeMs, event, message } = item;
  return { number, time: formatUtc(timeMs), event, ...(message && bodyOf(message, hasBodies)) };
}

function bodyOf({ system, body }: Message, isWanted: boolean): object {
  if (!isWanted) return {};
  const text = asBuffer(body).toString("base64");
  return { contentType: system.contentType, body: text };
}

function toLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}
