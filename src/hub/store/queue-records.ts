/**
 * One record for each entry, and one for the last sequence number. An entry that is delivered within
 * the commit that adds it is written once.
 */

import { type MessageQueue, restoreQueue } from "../../core/message-queue.ts";
import type { Entry, Transition } from "../../core/queue-entry.ts";
import { sortable } from "./encoding.ts";
import { put, remove, type StoreChange } from "./store.ts";

type EntryRecord = Omit<Entry<unknown>, "sequenceNumber" | "lock">;

/** In the first format, its progress was a record of its own, absent before the first delivery. */
type EntryProgress = Pick<EntryRecord, "deliveryCount" | "isRedelivered">;

const UNDELIVERED: EntryProgress = { deliveryCount: 0, isRedelivered: false };

export function queueChanges<T>(
  prefix: string,
  transitions: readonly Transition<T>[],
  encode: (payload: T) => unknown,
): StoreChange[] {
  return transitions.flatMap((transition) => entryChanges(prefix, transition, encode));
}

export function deleteQueue(prefix: string, queue: MessageQueue<unknown>): StoreChange[] {
  return [
    ...queue.entries.map((entry) => remove(entryKey(prefix, entry))),
    remove(`${prefix}/last`),
  ];
}

/** Records must be added in the order of their keys. */
export class QueueCollector {
  /** By prefix, then by number as in the key. */
  readonly #records = new Map<string, Map<string, EntryRecord>>();
  readonly #last = new Map<string, number>();
  readonly #upgrades: StoreChange[] = [];

  /** From records of the first format to those of today. */
  get upgrades(): readonly StoreChange[] {
    return this.#upgrades;
  }

  add(key: string, value: unknown): void {
    const parts = key.split("/");
    if (parts.at(-1) === "last") {
      this.#last.set(parts.slice(0, -1).join("/"), value as number);
      return;
    }
    const prefix = parts.slice(0, -2).join("/");
    const number = parts.at(-1) ?? "";
    if (parts.at(-2) === "progress") this.#addProgress(prefix, number, value as EntryProgress);
    else this.#recordsOf(prefix).set(number, { ...UNDELIVERED, ...(value as EntryRecord) });
  }

  collect<T>(prefix: string, decode: (payload: unknown) => T): MessageQueue<T> {
    const entries = [...this.#recordsOf(prefix)].map(
      ([number, record]): Entry<T> => ({
        ...record,
        sequenceNumber: Number(number),
        payload: decode(record.payload),
      }),
    );
    return restoreQueue(entries, (this.#last.get(prefix) ?? 0) + 1);
  }

  #addProgress(prefix: string, number: string, progress: EntryProgress): void {
    this.#upgrades.push(remove(`${prefix}/progress/${number}`));
    const record = this.#recordsOf(prefix).get(number);
    if (record === undefined) return;
    const whole = { ...record, ...progress };
    this.#recordsOf(prefix).set(number, whole);
    this.#upgrades.push(put(`${prefix}/content/${number}`, whole));
  }

  #recordsOf(prefix: string): Map<string, EntryRecord> {
    const records = this.#records.get(prefix) ?? new Map<string, EntryRecord>();
    this.#records.set(prefix, records);
    return records;
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
      return [putEntry(prefix, entry, encode), put(`${prefix}/last`, entry.sequenceNumber)];
    case "delivered":
      return [putEntry(prefix, entry, encode, true)];
    case "requeued":
      return [putEntry(prefix, entry, encode)];
    case "completed":
    case "deadLettered":
      return [remove(entryKey(prefix, entry))];
  }
}

function putEntry<T>(
  prefix: string,
  entry: Entry<T>,
  encode: (payload: T) => unknown,
  isRedelivered = entry.isRedelivered,
): StoreChange {
  const toRecord = (): EntryRecord => {
    const { enqueuedTimeMs, expiryTimeMs, deliveryCount } = entry;
    const payload = encode(entry.payload);
    return { payload, enqueuedTimeMs, expiryTimeMs, deliveryCount, isRedelivered };
  };
  // Encoded when it is written: mostly it is replaced before, since the entry is delivered at once.
  return put(entryKey(prefix, entry), { toJSON: toRecord });
}

function entryKey(prefix: string, { sequenceNumber }: { sequenceNumber: number }): string {
  return `${prefix}/content/${sortable(sequenceNumber)}`;
}
