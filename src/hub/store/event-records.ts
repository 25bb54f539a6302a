/** One record for each event, and one per partition for its next position. */

import { EventLog, type LogEnd, type LoggedEvent } from "../../core/events/event-log.ts";
import type { Telemetry } from "../../core/message.ts";
import { decodeMessage, encodeMessage, sortable } from "./encoding.ts";
import { put, remove, type StoreChange } from "./store.ts";

export interface DeviceEvent {
  readonly deviceId: string;
  readonly generationId: string;
  /** JSON text, as readers receive it. */
  readonly authMethod: string;
  readonly telemetry: Telemetry;
}

export type DeviceEventLog = EventLog<DeviceEvent>;

/** In a partition's key, instead of a number. */
const END = "end";

export function putEvents(
  partition: number,
  events: readonly LoggedEvent<DeviceEvent>[],
  end: LogEnd,
): StoreChange[] {
  return [
    ...events.map((event) =>
      put(eventKey(partition, event), { ...event, payload: encodeEvent(event.payload) }),
    ),
    put(`event/${partition}/${END}`, end),
  ];
}

export function deleteEvents(
  partition: number,
  events: readonly LoggedEvent<DeviceEvent>[],
): StoreChange[] {
  return events.map((event) => remove(eventKey(partition, event)));
}

/** Events must be added in the order of their sequence numbers. */
export class EventCollector {
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

function encodeEvent({ deviceId, generationId, authMethod, telemetry }: DeviceEvent): unknown {
  return { deviceId, generationId, authMethod, telemetry: encodeMessage(telemetry) };
}

function decodeEvent(value: unknown): DeviceEvent {
  const { telemetry, ...rest } = value as Omit<DeviceEvent, "telemetry"> & { telemetry: unknown };
  return { ...rest, telemetry: decodeMessage(telemetry) };
}

function eventKey(partition: number, { sequenceNumber }: { sequenceNumber: number }): string {
  return `event/${partition}/${sortable(sequenceNumber)}`;
}
