/** Every event goes into its partition's log, into the store, and then to readers. */

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
import type { HubEvent, HubEventStream } from "./events.ts";
import type { Registry } from "./identity-registry.ts";
import type { Subscription } from "./subscription.ts";

export type StoredEvent = LoggedEvent<DeviceEvent>;

export interface EventReader {
  hasCredit(): boolean;
  deliver(event: StoredEvent): void;
  onReplaced(error: HubError): void;
}

interface EventRequest {
  readonly partition: EventPartition;
  readonly position: EventPosition;
  /** Of an exclusive reader; absent for a shared one (rule event-epoch). */
  readonly epoch?: number;
}

export interface TelemetrySender {
  readonly deviceId: string;
  /** From `formatAuthMethod`. */
  readonly authMethod: string;
}

interface DeviceToCloudOptions {
  readonly limits: LogLimits;
  readonly consumerGroups: readonly string[];
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly store: GuardedStore;
  readonly events: HubEventStream;
  readonly registry: Registry;
  readonly logs: ReadonlyMap<number, DeviceEventLog>;
}

interface Partition {
  readonly number: number;
  readonly log: DeviceEventLog;
  readonly readers: EventReaders;
  readonly wakes: Set<() => void>;
}

export class DeviceToCloud {
  /** For management requests: the hub's start. */
  readonly createdTimeMs: number;
  readonly #options: DeviceToCloudOptions;
  readonly #partitions: readonly Partition[];
  /** In lower case: consumer group names are case-insensitive. */
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
   * Resolves once the batch is durable, all or nothing (rule d2c-durable).
   * @throws HubError MessageTooLarge, ArgumentInvalid; DeviceNotFound if the device was deleted.
   */
  async receive(sender: TelemetrySender, messages: readonly Telemetry[]): Promise<void> {
    validateTelemetry(messages);
    const { generationId } = this.#options.registry.get(sender.deviceId);
    const partition = this.#partitionOf(sender.deviceId);
    const nowMs = this.#options.clock.nowMs();
    const events = messages.map((telemetry) => {
      const event = { generationId, telemetry, ...sender };
      const size = messageSizeBytes(telemetry) + EVENT_OVERHEAD_BYTES;
      return partition.log.place(event, size, nowMs);
    });
    const { number, log } = partition;
    const { store } = this.#options;
    const durable = store.write(() => putEvents(number, events, log.end));
    store.onceDurable(() => this.#admit(partition, events));
    for (const event of events) this.#report(number, event);
    await durable;
  }

  /**
   * @throws HubError MessagingEntityNotFound (rule event-group), ArgumentInvalid for a position
   * after the end, LinkCreationConflict while a reader has a higher epoch (rule event-epoch).
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
    const report: HubEvent = {
      type: "telemetry",
      deviceId,
      ...(messageId !== undefined && { messageId }),
      partitionId: String(partition),
      sequenceNumber: event.sequenceNumber,
    };
    this.#options.events.emit(report, telemetry);
  }

  #trim(partition: Partition): void {
    const { clock, limits, scheduler, store } = this.#options;
    const { number, log } = partition;
    const trimmed = log.trim(limits, clock.nowMs());
    if (trimmed.length > 0) void store.write(() => deleteEvents(number, trimmed));
    scheduler.schedule(`events/${number}`, log.nextDueMs(limits), () => this.#trim(partition));
  }
}

/** Event Hubs' own message, by which clients know not to retry. */
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
