/** Telemetry at work: every event goes into its partition's log, into the store, and then out to readers. */

import type { Clock } from "../../async/clock.ts";
import type { LoggedEvent, PartitionProperties } from "../../core/events/event-log.ts";
import { EventLog, type LogCursor, type LogLimits } from "../../core/events/event-log.ts";
import type { EventPosition } from "../../core/events/event-position.ts";
import { partitionOf } from "../../core/events/partition.ts";
import { HubError } from "../../core/hub-error.ts";
import {
  DEFAULT_CONSUMER_GROUP,
  EVENT_OVERHEAD_BYTES,
  PARTITION_COUNT,
} from "../../core/limits.ts";
import { messageSizeBytes, type Telemetry, validateTelemetry } from "../../core/message.ts";
import { EVENT_HUB_NAME, type EventPartition } from "../../core/resource-path.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import {
  type DeviceEvent,
  type DeviceEventLog,
  deleteEvents,
  putEvents,
} from "../store/event-records.ts";
import type { GuardedStore } from "../store/guard-store.ts";
import { EventReaders, type ReaderPlace } from "./event-readers.ts";
import type { HubEventStream } from "./events.ts";
import type { Registry } from "./identity-registry.ts";
import type { Subscription } from "./subscription.ts";

/** An event as it leaves the hub. */
export type StoredEvent = LoggedEvent<DeviceEvent>;

/** Somebody who reads a partition. */
export interface EventReader {
  hasCredit(): boolean;
  deliver(event: StoredEvent): void;
  /** Another reader took its place. */
  onReplaced(error: HubError): void;
}

interface EventRequest {
  readonly partition: EventPartition;
  readonly position: EventPosition;
  /** An exclusive reader's rank; absent for a reader that shares (rule event-epoch). */
  readonly epoch?: number;
}

/** Who sent a batch. */
export interface TelemetrySender {
  readonly deviceId: string;
  /** As `formatAuthMethod` gives it. */
  readonly authMethod: string;
}

interface DeviceToCloudOptions {
  readonly limits: LogLimits;
  /** Beside `$Default`. */
  readonly consumerGroups: readonly string[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly store: GuardedStore;
  readonly events: HubEventStream;
  readonly registry: Registry;
  /** By the number of their partition; one that never had an event is absent. */
  readonly logs: ReadonlyMap<number, DeviceEventLog>;
}

interface Partition {
  readonly number: number;
  readonly log: DeviceEventLog;
  readonly readers: EventReaders;
  /** Wakes those who read here. */
  readonly wakes: Set<() => void>;
}

export class DeviceToCloud {
  /** When this event hub came to be, for whoever asks: with the hub's start. */
  readonly createdTimeMs: number;
  readonly #options: DeviceToCloudOptions;
  readonly #partitions: readonly Partition[];
  /** In lower case: names of groups are told apart regardless of it. */
  readonly #consumerGroups: ReadonlySet<string>;

  constructor(options: DeviceToCloudOptions) {
    this.#options = options;
    this.createdTimeMs = options.clock.nowMs();
    const groups = [DEFAULT_CONSUMER_GROUP, ...options.consumerGroups];
    this.#consumerGroups = new Set(groups.map((name) => name.toLowerCase()));
    this.#partitions = Array.from({ length: PARTITION_COUNT }, (_, number) => ({
      number,
      log: options.logs.get(number) ?? new EventLog<DeviceEvent>(),
      readers: new EventReaders(),
      wakes: new Set<() => void>(),
    }));
    for (const partition of this.#partitions) this.#trim(partition);
  }

  get partitionIds(): string[] {
    return this.#partitions.map(({ number }) => String(number));
  }

  /**
   * Takes a device's message, or several that came as one; resolves once they are durable, all of
   * them or none (rule d2c-durable).
   *
   * @throws HubError MessageTooLarge, ArgumentInvalid; DeviceNotFound when the device has gone.
   */
  async receive(sender: TelemetrySender, messages: readonly Telemetry[]): Promise<void> {
    validateTelemetry(messages);
    const { generationId } = this.#options.registry.get(sender.deviceId);
    const partition = this.#partitionOf(sender.deviceId);
    const nowMs = this.#options.clock.nowMs();
    const events = messages.map((telemetry) => {
      const event = { ...sender, generationId, telemetry };
      const size = messageSizeBytes(telemetry) + EVENT_OVERHEAD_BYTES;
      return partition.log.place(event, size, nowMs);
    });
    const { number, log } = partition;
    const { store } = this.#options;
    const durable = store.write(putEvents(number, events, log.end));
    store.onceDurable(() => this.#admit(partition, events));
    for (const event of events) this.#report(number, event);
    await durable;
  }

  /**
   * Reads a partition from a position on, as events come (rule event-group).
   *
   * @throws HubError MessagingEntityNotFound for a partition or consumer group there is not,
   * ArgumentInvalid for a position after the end, LinkCreationConflict when a reader of a higher
   * epoch is there (rule event-epoch).
   */
  subscribe(request: EventRequest, reader: EventReader): Subscription {
    const partition = this.#find(request.partition);
    this.#trim(partition);
    const cursor = partition.log.locate(request.position);
    const place: ReaderPlace = partition.readers.take({
      group: request.partition.consumerGroup.toLowerCase(),
      epoch: request.epoch,
      onReplaced: (error) => {
        close();
        reader.onReplaced(error);
      },
    });
    const wake = (): void => pump(partition.log, cursor, reader);
    const close = (): void => {
      partition.wakes.delete(wake);
      place.leave();
    };
    partition.wakes.add(wake);
    return { wake, close };
  }

  /** @throws HubError MessagingEntityNotFound */
  propertiesOf(partitionId: string): PartitionProperties {
    const partition = this.#get(partitionId);
    this.#trim(partition);
    return partition.log.properties();
  }

  #find({ consumerGroup, partitionId }: EventPartition): Partition {
    if (!this.#consumerGroups.has(consumerGroup.toLowerCase())) {
      throw notFound(`ConsumerGroups/${consumerGroup}`);
    }
    return this.#get(partitionId);
  }

  #get(partitionId: string): Partition {
    const partition = this.#partitions.find(({ number }) => String(number) === partitionId);
    if (partition !== undefined) return partition;
    throw notFound(`Partitions/${partitionId}`);
  }

  #partitionOf(deviceId: string): Partition {
    return this.#get(String(partitionOf(deviceId, this.#partitions.length)));
  }

  #admit(partition: Partition, events: readonly StoredEvent[]): void {
    for (const event of events) partition.log.admit(event);
    this.#trim(partition);
    for (const wake of partition.wakes) wake();
  }

  #report(partition: number, event: StoredEvent): void {
    const { deviceId, telemetry } = event.payload;
    const { messageId } = telemetry.system;
    this.#options.events.emit({
      type: "telemetry",
      deviceId,
      ...(messageId !== undefined && { messageId }),
      partitionId: String(partition),
      sequenceNumber: event.sequenceNumber,
    });
  }

  #trim(partition: Partition): void {
    const { clock, limits, scheduler, store } = this.#options;
    const { number, log } = partition;
    const trimmed = log.trim(limits, clock.nowMs());
    if (trimmed.length > 0) void store.write(deleteEvents(number, trimmed));
    scheduler.schedule(`events/${number}`, log.nextDueMs(limits), () => this.#trim(partition));
  }
}

/** In Event Hubs' words, by which clients know that another try is of no use. */
function notFound(path: string): HubError {
  const entity = `${EVENT_HUB_NAME}/${path}`;
  return new HubError(
    "MessagingEntityNotFound",
    `The messaging entity '${entity}' could not be found.`,
  );
}

function pump(log: DeviceEventLog, cursor: LogCursor, reader: EventReader): void {
  while (reader.hasCredit()) {
    const event = log.read(cursor);
    if (event === undefined) return;
    reader.deliver(event);
  }
}
