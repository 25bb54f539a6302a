/** Two records for each entry, and one for the last sequence number. */

import { type MessageQueue, restoreQueue } from "../../core/message-queue.ts";
import type { Entry, Transition } from "../../core/queue-entry.ts";
import { sortable } from "./encoding.ts";
import { put, remove, type StoreChange } from "./store.ts";

/** Changes while an entry is queued; stored separately, so that a change is small. */
type EntryProgress = Pick<Entry<unknown>, "deliveryCount" | "isRedelivered">;

type EntryContent = Pick<Entry<unknown>, "payload" | "enqueuedTimeMs" | "expiryTimeMs">;

export function queueChanges<T>(
  prefix: string,
  transitions: readonly Transition<T>[],
  encode: (payload: T) => unknown,
): StoreChange[] {
  return transitions.flatMap((transition) => entryChanges(prefix, transition, encode));
}

export function deleteQueue(prefix: string, queue: MessageQueue<unknown>): StoreChange[] {
  return [
    ...queue.entries.flatMap((entry) => deleteEntry(prefix, entry)),
    remove(`${prefix}/last`),
  ];
}

export class QueueCollector {
  readonly #contents = new Map<string, [sequenceNumber: number, content: EntryContent][]>();
  readonly #progress = new Map<string, EntryProgress>();
  readonly #last = new Map<string, number>();

  add(key: string, value: unknown): void {
    const parts = key.split("/");
    if (parts.at(-1) === "last") {
      this.#last.set(parts.slice(0, -1).join("/"), value as number);
      return;
    }
    const prefix = parts.slice(0, -2).join("/");
    if (parts.at(-2) === "progress") this.#progress.set(key, value as EntryProgress);
    else this.#contentsOf(prefix).push([Number(parts.at(-1)), value as EntryContent]);
  }

  collect<T>(prefix: string, decode: (payload: unknown) => T): MessageQueue<T> {
    const entries = this.#contentsOf(prefix).map(([sequenceNumber, content]): Entry<T> => {
      const progress = this.#progress.get(progressKey(prefix, { sequenceNumber }));
      const { deliveryCount = 0, isRedelivered = false } = progress ?? {};
      const payload = decode(content.payload);
      return { ...content, sequenceNumber, payload, deliveryCount, isRedelivered };
    });
    return restoreQueue(entries, (this.#last.get(prefix) ?? 0) + 1);
  }

  #contentsOf(prefix: string): [number, EntryContent][] {
    const contents = this.#contents.get(prefix) ?? [];
    this.#contents.set(prefix, contents);
    return contents;
  }
}

function entryChanges<T>(
  prefix: string,
  transition: Transition<T>,
  encode: (payload: T) => unknown,
): StoreChange[] {
  const { entry } = transition;
  switch (transition.type) {
    case "enqueued":
      return [
        put(contentKey(prefix, entry), encodeContent(entry, encode)),
        put(`${prefix}/last`, entry.sequenceNumber),
      ];
    case "delivered":
      return [putProgress(prefix, { ...entry, isRedelivered: true })];
    case "requeued":
      return [putProgress(prefix, entry)];
    case "completed":
    case "deadLettered":
      return deleteEntry(prefix, entry);
  }
}

function encodeContent<T>(entry: Entry<T>, encode: (payload: T) => unknown): EntryContent {
  const { payload, enqueuedTimeMs, expiryTimeMs } = entry;
  return { payload: encode(payload), enqueuedTimeMs, expiryTimeMs };
}

function putProgress(prefix: string, entry: Entry<unknown>): StoreChange {
  const { deliveryCount, isRedelivered } = entry;
  const value: EntryProgress = { deliveryCount, isRedelivered };
  return put(progressKey(prefix, entry), value);
}

function deleteEntry(prefix: string, entry: Entry<unknown>): StoreChange[] {
  return [remove(contentKey(prefix, entry)), remove(progressKey(prefix, entry))];
}

function contentKey(prefix: string, { sequenceNumber }: { sequenceNumber: number }): string {
  return `${prefix}/content/${sortable(sequenceNumber)}`;
}

function progressKey(prefix: string, { sequenceNumber }: { sequenceNumber: number }): string {
  return `${prefix}/progress/${sortable(sequenceNumber)}`;
}
