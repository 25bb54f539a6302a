/** When devices were last heard of. Kept while the hub runs, as it is told by events. */

import type { Clock } from "./clock.ts";
import type { HubEvent, HubEventStream } from "./events.ts";

/** Milliseconds since the epoch, UTC; absent for what has not happened since the hub's start. */
export interface DeviceTimes {
  readonly lastActivityTimeMs?: number;
  readonly connectionStateUpdatedTimeMs?: number;
}

/** What a device does itself (registry guide: it "connected, received or sent a message"). */
const ACTIVITIES: readonly HubEvent["type"][] = [
  "deviceConnected",
  "deviceDisconnected",
  "delivered",
  "settled",
  "telemetry",
];

const CHANGES_OF_STATE: readonly HubEvent["type"][] = ["deviceConnected", "deviceDisconnected"];

/** Rule registry-activity. */
export class DeviceActivityLog {
  readonly #times = new Map<string, DeviceTimes>();

  constructor(events: HubEventStream, clock: Clock) {
    events.subscribe((event) => {
      if (!("deviceId" in event) || !ACTIVITIES.includes(event.type)) return;
      const nowMs = clock.nowMs();
      const isChange = CHANGES_OF_STATE.includes(event.type);
      this.#times.set(event.deviceId, {
        ...this.#times.get(event.deviceId),
        lastActivityTimeMs: nowMs,
        ...(isChange && { connectionStateUpdatedTimeMs: nowMs }),
      });
    });
  }

  find(deviceId: string): DeviceTimes {
    return this.#times.get(deviceId) ?? {};
  }

  /** A device that is created anew has not done anything. */
  forget(deviceId: string): void {
    this.#times.delete(deviceId);
  }
}
