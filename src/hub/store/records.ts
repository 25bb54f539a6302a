import type { DeviceIdentity } from "../../core/device-identity.ts";
import type { FeedbackRecord } from "../../core/feedback.ts";
import type { Message } from "../../core/message.ts";
import type { MessageQueue } from "../../core/message-queue.ts";
import type { Transition } from "../../core/queue-entry.ts";
import { decodeMessage, encodeMessage, sortable } from "./encoding.ts";
import { type DeviceEventLog, EventCollector } from "./event-records.ts";
import { deleteQueue, QueueCollector, queueChanges } from "./queue-records.ts";
import { put, remove, type Store, type StoreChange } from "./store.ts";

/** MQTT topic filters and their granted QoS. */
export type Subscriptions = Readonly<Record<string, number>>;

/** Milliseconds since the epoch, UTC; absent if it has not happened. */
export interface DeviceTimes {
  readonly lastActivityTimeMs?: number;
  readonly connectionStateUpdatedTimeMs?: number;
}

/** Not yet in a batch. */
export interface WaitingRecord {
  readonly number: number;
  readonly record: FeedbackRecord;
}

export type FeedbackPayload = readonly FeedbackRecord[];

export interface HubState {
  readonly devices: ReadonlyMap<string, DeviceIdentity>;
  readonly activity: ReadonlyMap<string, DeviceTimes>;
  readonly subscriptions: ReadonlyMap<string, Subscriptions>;
  readonly queues: ReadonlyMap<string, MessageQueue<Message>>;
  readonly feedbackQueue: MessageQueue<FeedbackPayload>;
  readonly waitingFeedback: readonly WaitingRecord[];
  /** By partition number; absent before a partition's first event. */
  readonly eventLogs: ReadonlyMap<number, DeviceEventLog>;
}

export const deviceRecords = recordsOf<DeviceIdentity>("device");
export const activityRecords = recordsOf<DeviceTimes>("activity");
export const subscriptionRecords = recordsOf<Subscriptions>("subscriptions");

const waitingRecords = recordsOf<FeedbackRecord>("waiting");

export function putWaitingFeedback({ number, record }: WaitingRecord): StoreChange {
  return waitingRecords.put(sortable(number), record);
}

export function deleteWaitingFeedback({ number }: WaitingRecord): StoreChange {
  return waitingRecords.remove(sortable(number));
}

export function deviceQueueChanges(
  deviceId: string,
  transitions: readonly Transition<Message>[],
): StoreChange[] {
  return queueChanges(deviceQueue(deviceId), transitions, encodeMessage);
}

export function deleteDeviceQueue(deviceId: string, queue: MessageQueue<Message>): StoreChange[] {
  return deleteQueue(deviceQueue(deviceId), queue);
}

export function feedbackQueueChanges(
  transitions: readonly Transition<FeedbackPayload>[],
): StoreChange[] {
  return queueChanges(FEEDBACK_QUEUE, transitions, (payload) => payload);
}

/** Entries become visible: the holders of their locks are gone. */
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
  if (queues.upgrades.length > 0) await store.write(queues.upgrades);
  const deviceQueues = [...devices.keys()].map(
    (id) => [id, queues.collect(deviceQueue(id), decodeMessage)] as const,
  );
  return {
    devices,
    // A crash may have prevented this after a deletion.
    activity: new Map([...activity].filter(([deviceId]) => devices.has(deviceId))),
    subscriptions,
    queues: new Map(deviceQueues),
    feedbackQueue: queues.collect(FEEDBACK_QUEUE, (payload) => payload as FeedbackPayload),
    waitingFeedback,
    eventLogs: events.collect(),
  };
}

const FEEDBACK_QUEUE = "feedback";

function deviceQueue(deviceId: string): string {
  return `queue/${deviceId}`;
}

function recordsOf<Value>(kind: string) {
  return {
    put: (name: string, value: Value): StoreChange => put(`${kind}/${name}`, value),
    remove: (name: string): StoreChange => remove(`${kind}/${name}`),
  };
}
