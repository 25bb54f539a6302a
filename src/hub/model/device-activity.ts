import type { Scheduler } from "../runtime/scheduler.ts";
import type { GuardedStore } from "../store/guard-store.ts";
import { activityRecords, type DeviceTimes } from "../store/records.ts";
import type { HubEvent, HubEventStream } from "./events.ts";

interface DeviceActivityOptions {
  readonly events: HubEventStream;
  readonly scheduler: Scheduler;
  readonly store: GuardedStore;
  /** When the hub last stopped. */
  readonly times: ReadonlyMap<string, DeviceTimes>;
}

/** A write per message would be too expensive. */
const WRITE_INTERVAL_MS = 5000;

const WRITE_TIMER = "activity";

/** Registry guide: a device "connected, received or sent a message". */
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
  readonly #options: DeviceActivityOptions;
  readonly #times: Map<string, { -readonly [K in keyof DeviceTimes]: DeviceTimes[K] }>;
  readonly #unwritten = new Set<string>();

  constructor(options: DeviceActivityOptions) {
    this.#options = options;
    this.#times = new Map([...options.times].map(([id, times]) => [id, { ...times }]));
    options.events.subscribe((event, timeMs) => {
      if ("deviceId" in event && ACTIVITIES.includes(event.type)) this.#note(event, timeMs);
    });
  }

  find(deviceId: string): DeviceTimes {
    return this.#times.get(deviceId) ?? {};
  }

  /** A new device with the same id starts without activity. */
  forget(deviceId: string): void {
    this.#unwritten.delete(deviceId);
    if (this.#times.delete(deviceId))
      void this.#options.store.write(() => [activityRecords.remove(deviceId)]);
  }

  flush(): void {
    this.#options.scheduler.schedule(WRITE_TIMER, undefined, () => {});
    const ids = [...this.#unwritten];
    this.#unwritten.clear();
    void this.#options.store.write(() =>
      ids.map((id) => activityRecords.put(id, { ...this.find(id) })),
    );
  }

  #note(
    { type, deviceId }: { readonly type: HubEvent["type"]; readonly deviceId: string },
    nowMs: number,
  ): void {
    const { scheduler } = this.#options;
    const times = this.#times.get(deviceId) ?? {};
    this.#times.set(deviceId, times);
    times.lastActivityTimeMs = nowMs;
    if (CHANGES_OF_STATE.includes(type)) times.connectionStateUpdatedTimeMs = nowMs;
    if (this.#unwritten.size === 0) {
      scheduler.schedule(WRITE_TIMER, nowMs + WRITE_INTERVAL_MS, () => this.flush());
    }
    this.#unwritten.add(deviceId);
  }
}
