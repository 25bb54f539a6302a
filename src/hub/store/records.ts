/** The records of the hub: which key each has, its form in the store, and reading them all back. */

import type { DeviceIdentity } from "../../core/device-identity.ts";
import { EventLog, type LogEnd, type LoggedEvent } from "../../core/event-log.ts";
import type { FeedbackRecord } from "../../core/feedback.ts";
import type { Message, Telemetry } from "../../core/message.ts";
import type { Entry, MessageQueue, Transition } from "../../core/message-queue.ts";
import type { Store, StoreChange } from "./store.ts";

/** MQTT topic filters and their granted QoS. */
export type Subscriptions = Readonly<Record<string, number>>;

/** Milliseconds since the epoch, UTC; absent for what has not happened. */
export interface DeviceTimes {
  readonly lastActivityTimeMs?: number;
  readonly connectionStateUpdatedTimeMs?: number;
}

/** A feedback record that is not part of a batch yet. */
export interface WaitingRecord {
  readonly number: number;
  readonly record: FeedbackRecord;
}

/** A message from a device, with what the hub knows of its sender. */
export interface DeviceEvent {
  readonly deviceId: string;
  readonly generationId: string;
  /** JSON text, as its readers get it. */
  readonly authMethod: string;
  readonly telemetry: Telemetry;
}

export type DeviceEventLog = EventLog<DeviceEvent>;

export type FeedbackPayload = readonly FeedbackRecord[];

/** Everything a hub remembers. */
export interface HubState {
  readonly devices: ReadonlyMap<string, DeviceIdentity>;
  readonly activity: ReadonlyMap<string, DeviceTimes>;
  readonly subscriptions: ReadonlyMap<string, Subscriptions>;
  readonly queues: ReadonlyMap<string, MessageQueue<Message>>;
  readonly feedbackQueue: MessageQueue<FeedbackPayload>;
  readonly waitingFeedback: readonly WaitingRecord[];
  /** By the number of their partition; one that never had an event is absent. */
  readonly eventLogs: ReadonlyMap<number, DeviceEventLog>;
}

const FEEDBACK_QUEUE = "feedback";

export function putDevice(device: DeviceIdentity): StoreChange {
  return { type: "put", key: `device/${device.deviceId}`, value: device };
}

export function deleteDevice(deviceId: string): StoreChange {
  return { type: "delete", key: `device/${deviceId}` };
}

export function putActivity(deviceId: string, times: DeviceTimes): StoreChange {
  return { type: "put", key: `activity/${deviceId}`, value: times };
}

export function deleteActivity(deviceId: string): StoreChange {
  return { type: "delete", key: `activity/${deviceId}` };
}

export function putSubscriptions(deviceId: string, subscriptions: Subscriptions): StoreChange {
  return { type: "put", key: `subscriptions/${deviceId}`, value: subscriptions };
}

export function deleteSubscriptions(deviceId: string): StoreChange {
  return { type: "delete", key: `subscriptions/${deviceId}` };
}

export function putWaitingFeedback({ number, record }: WaitingRecord): StoreChange {
  return { type: "put", key: `waiting/${sortable(number)}`, value: record };
}

export function deleteWaitingFeedback({ number }: WaitingRecord): StoreChange {
  return { type: "delete", key: `waiting/${sortable(number)}` };
}

/** What a step of a device's queue changes in the store. */
export function deviceQueueChanges(
  deviceId: string,
  transitions: readonly Transition<Message>[],
): StoreChange[] {
  return transitions.flatMap((transition) =>
    entryChanges(`queue/${deviceId}`, transition, encodeMessage),
  );
}

/** What a step of the feedback queue changes in the store. */
export function feedbackQueueChanges(
  transitions: readonly Transition<FeedbackPayload>[],
): StoreChange[] {
  return transitions.flatMap((transition) =>
    entryChanges(FEEDBACK_QUEUE, transition, (payload) => payload),
  );
}

/** What keeping these events of a partition changes in the store; `end` is where it goes on. */
export function putEvents(
  partition: number,
  events: readonly LoggedEvent<DeviceEvent>[],
  end: LogEnd,
): StoreChange[] {
  return [
    ...events.map(
      (event): StoreChange => ({
        type: "put",
        key: eventKey(partition, event),
        value: { ...event, payload: encodeEvent(event.payload) },
      }),
    ),
    { type: "put", key: `event/${partition}/${END}`, value: end },
  ];
}

export function deleteEvents(
  partition: number,
  events: readonly LoggedEvent<DeviceEvent>[],
): StoreChange[] {
  return events.map((event) => ({ type: "delete", key: eventKey(partition, event) }));
}

/** Forgets a device's queue, the numbers it has used included. */
export function deleteDeviceQueue(deviceId: string, queue: MessageQueue<Message>): StoreChange[] {
  const prefix = `queue/${deviceId}`;
  return [
    ...queue.entries.flatMap((entry) => deleteEntry(prefix, entry)),
    { type: "delete", key: `${prefix}/last` },
  ];
}

/** Reads back all that was kept. Entries come back visible: whoever held their locks is gone. */
export async function loadHubState(store: Store): Promise<HubState> {
  const devices = new Map<string, DeviceIdentity>();
  const activity = new Map<string, DeviceTimes>();
  const subscriptions = new Map<string, Subscriptions>();
  const waitingFeedback: WaitingRecord[] = [];
  const queues = new QueueCollector();
  const events = new EventCollector();
  for await (const [key, value] of store.load()) {
    const [kind = "", name = "", rest = ""] = key.split("/");
    if (kind === "device") devices.set(name, value as DeviceIdentity);
    else if (kind === "activity") activity.set(name, value as DeviceTimes);
    else if (kind === "subscriptions") subscriptions.set(name, value as Subscriptions);
    else if (kind === "waiting") {
      waitingFeedback.push({ number: Number(name), record: value as FeedbackRecord });
    } else if (kind === "event") events.add(Number(name), rest, value);
    else queues.add(key, value);
  }
  const deviceQueues = [...devices.keys()].map(
    (id) => [id, queues.collect(`queue/${id}`, decodeMessage)] as const,
  );
  return {
    devices,
    // A crash may have come between a deletion and this.
    activity: new Map([...activity].filter(([deviceId]) => devices.has(deviceId))),
    subscriptions,
    queues: new Map(deviceQueues),
    feedbackQueue: queues.collect(FEEDBACK_QUEUE, (payload) => payload as FeedbackPayload),
    waitingFeedback,
    eventLogs: events.collect(),
  };
}

/** The part of an entry that changes while it is queued; kept apart, so that a change is small. */
type EntryProgress = Pick<Entry<unknown>, "deliveryCount" | "isRedelivered">;

type EntryContent = Pick<Entry<unknown>, "payload" | "enqueuedTimeMs" | "expiryTimeMs">;

function entryChanges<T>(
  prefix: string,
  transition: Transition<T>,
  encode: (payload: T) => unknown,
): StoreChange[] {
  const { entry } = transition;
  switch (transition.type) {
    case "enqueued":
      return [
        { type: "put", key: contentKey(prefix, entry), value: encodeContent(entry, encode) },
        { type: "put", key: `${prefix}/last`, value: entry.sequenceNumber },
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
  return { type: "put", key: progressKey(prefix, entry), value };
}

function deleteEntry(prefix: string, entry: Entry<unknown>): StoreChange[] {
  return [
    { type: "delete", key: contentKey(prefix, entry) },
    { type: "delete", key: progressKey(prefix, entry) },
  ];
}

function contentKey(prefix: string, { sequenceNumber }: { sequenceNumber: number }): string {
  return `${prefix}/content/${sortable(sequenceNumber)}`;
}

function progressKey(prefix: string, { sequenceNumber }: { sequenceNumber: number }): string {
  return `${prefix}/progress/${sortable(sequenceNumber)}`;
}

/** Keys are read in text order, which must be the order of the numbers. */
function sortable(number: number): string {
  return String(number).padStart(16, "0");
}

/** Gathers the scattered records of queues until they are asked for by prefix. */
class QueueCollector {
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
    return { entries, nextSequenceNumber: (this.#last.get(prefix) ?? 0) + 1 };
  }

  #contentsOf(prefix: string): [number, EntryContent][] {
    const contents = this.#contents.get(prefix) ?? [];
    this.#contents.set(prefix, contents);
    return contents;
  }
}

/** What stands in a partition's key in place of a number. */
const END = "end";

function eventKey(partition: number, { sequenceNumber }: { sequenceNumber: number }): string {
  return `event/${partition}/${sortable(sequenceNumber)}`;
}

/** Gathers the events of partitions, which are read in the order of their numbers. */
class EventCollector {
  readonly #partitions = new Map<number, { events: LoggedEvent<DeviceEvent>[]; end?: LogEnd }>();

  add(partition: number, name: string, value: unknown): void {
    const found = this.#partitions.get(partition) ?? { events: [] };
    this.#partitions.set(partition, found);
    if (name === END) found.end = value as LogEnd;
    else {
      const event = value as LoggedEvent<unknown>;
      found.events.push({ ...event, payload: decodeEvent(event.payload) });
    }
  }

  collect(): Map<number, DeviceEventLog> {
    return new Map(
      [...this.#partitions].map(([partition, { events, end }]) => [
        partition,
        new EventLog(events, end),
      ]),
    );
  }
}

function encodeEvent({ telemetry, ...rest }: DeviceEvent): unknown {
  return { ...rest, telemetry: encodeMessage(telemetry) };
}

function decodeEvent(value: unknown): DeviceEvent {
  const { telemetry, ...rest } = value as Omit<DeviceEvent, "telemetry"> & { telemetry: unknown };
  return { ...rest, telemetry: decodeMessage(telemetry) };
}

function encodeMessage({ body, ...rest }: Message): unknown {
  return { ...rest, body: Buffer.from(body).toString("base64") };
}

function decodeMessage(value: unknown): Message {
  const { body, ...rest } = value as Omit<Message, "body"> & { readonly body: string };
  return { ...rest, body: Buffer.from(body, "base64") };
}
