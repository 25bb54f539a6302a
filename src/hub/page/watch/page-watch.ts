/** Follows the hub for as long as there is a page: what was, what is, and with each update what is new. */

import type { DeviceIdentity } from "../../../core/device-identity.ts";
import { valuesOf } from "../../../core/due-tree.ts";
import type { Message } from "../../../core/message.ts";
import type { HubEvent } from "../../model/events.ts";
import type { PageOptions } from "../page-services.ts";
import type { Changes, HubView, MessageView, Snapshot } from "../page-types.ts";
import { DeviceChanges } from "./device-changes.ts";
import { type MessageLife, toMessageView } from "./message-life.ts";
import { MessageLives } from "./message-lives.ts";
import { OBSTACLES } from "./obstacles.ts";
import { RateHistory } from "./rate-history.ts";
import { readHistory } from "./read-history.ts";
import { Sampler } from "./sampler.ts";
import { TelemetryList } from "./telemetry-list.ts";

/** Of messages, and of events. */
const KEPT = 1000;

const TICKS_PER_MS = 10_000;

/** Of what is new, messages and events each; the rest is counted. */
const SAMPLE_LIMITS = { burst: 1000, perSecond: 100 };

interface PageWatchListeners {
  /** There is something to update. Called for each event: cheap. */
  onNews(): void;
  /** Called by `update`. */
  onChanges(changes: Changes): void;
}

export class PageWatch {
  readonly #options: PageOptions;
  readonly #listeners: PageWatchListeners;
  readonly #devices: DeviceChanges;
  readonly #lives = new MessageLives(KEPT);
  readonly #telemetry = new TelemetryList(KEPT);
  readonly #rates: RateHistory;
  readonly #messageSampler: Sampler;
  readonly #eventSampler: Sampler;
  readonly #unsubscribe: () => void;

  /** Resolves once it knows what was, and has missed nothing since. */
  static start(options: PageOptions, listeners: PageWatchListeners): Promise<PageWatch> {
    const { store } = options.services;
    // All earlier events are in the ring by then, and no later one has been reported.
    return new Promise((resolve) =>
      store.onceDurable(() => resolve(new PageWatch(options, listeners))),
    );
  }

  private constructor(options: PageOptions, listeners: PageWatchListeners) {
    const { services } = options;
    const { clock, cloudToDevice, events, registry, ring } = services;
    this.#options = options;
    this.#listeners = listeners;
    this.#devices = new DeviceChanges(services);
    this.#rates = new RateHistory(ring, clock.nowMs());
    this.#messageSampler = new Sampler(SAMPLE_LIMITS, performance.now());
    this.#eventSampler = new Sampler(SAMPLE_LIMITS, performance.now());
    readHistory(ring, cloudToDevice.queues(), this.#lives, this.#telemetry);
    this.#lives.forgetDeleted((deviceId, atMs) => {
      const device = registry.find(deviceId);
      return device === undefined || createdTimeMs(device) > atMs;
    });
    this.#unsubscribe = events.subscribe((event, timeMs, message) =>
      this.#take(event, timeMs, message),
    );
  }

  stop(): void {
    this.#unsubscribe();
  }

  /** Update first: what is new goes to those who already have a snapshot. */
  snapshot(): Snapshot {
    return {
      hub: this.#describeHub(),
      devices: this.#devices.list(),
      messages: this.#toViews(this.#lives.list()),
      events: this.#telemetry.list(),
      rates: this.#rates.points,
    };
  }

  keepDevice(deviceId: string): void {
    this.#devices.change(deviceId);
    this.#listeners.onNews();
  }

  deleteDevice(deviceId: string): void {
    this.#devices.delete(deviceId);
    this.#lives.dropDevice(deviceId, this.#options.services.clock.nowMs());
    this.#listeners.onNews();
  }

  update(): void {
    this.#rates.advance(this.#options.services.clock.nowMs());
    const nowMs = performance.now();
    const all = {
      devices: this.#devices.takeChanged(),
      deletedDevices: this.#devices.takeDeleted(),
      messages: this.#toViews(this.#lives.takeChanged().reverse()),
      events: this.#telemetry.takeAdded(),
      rates: this.#rates.take(),
      sampledMessages: this.#messageSampler.take(nowMs),
      sampledEvents: this.#eventSampler.take(nowMs),
    };
    const news = Object.entries(all).filter(([, value]) => value && !isEmpty(value));
    if (news.length > 0) this.#listeners.onChanges(Object.fromEntries(news));
    if (this.#devices.hasMore) this.#listeners.onNews();
  }

  #take(event: HubEvent, timeMs: number, message: Message | undefined): void {
    this.#listeners.onNews();
    this.#rates.count(event.type, timeMs);
    if (event.type === "telemetry") this.#devices.activate(event.deviceId);
    else if ("deviceId" in event) this.#devices.change(event.deviceId);
    switch (event.type) {
      case "enqueued":
        if (this.#messageSampler.admit()) this.#lives.enqueue(event, timeMs, this.#number, message);
        break;
      case "telemetry":
        if (this.#eventSampler.admit()) this.#telemetry.add(event, timeMs, this.#number, message);
        break;
      case "delivered":
      case "requeued":
      case "settled":
      case "deadLettered":
        this.#lives.step(event, timeMs);
        break;
      case "feedback":
        this.#lives.feedback(event, timeMs);
    }
  }

  /** Of the event that is being reported: the ring has it already. */
  get #number(): number {
    return this.#options.services.ring.nextNumber - 1;
  }

  #toViews(lives: readonly MessageLife[]): MessageView[] {
    const locks = new Map<string, ReadonlyMap<number, number>>();
    return lives.map((life) => {
      if (life.kind !== "delivered") return toMessageView(life, undefined);
      const { deviceId, sequenceNumber } = life.ref;
      const ofDevice = locks.get(deviceId) ?? this.#locksOf(deviceId);
      locks.set(deviceId, ofDevice);
      return toMessageView(life, ofDevice.get(sequenceNumber));
    });
  }

  /** Until when each locked message of a device is locked. */
  #locksOf(deviceId: string): ReadonlyMap<number, number> {
    const { cloudToDevice, registry } = this.#options.services;
    if (registry.find(deviceId) === undefined) return new Map();
    const locked = [...valuesOf(cloudToDevice.queueOf(deviceId).locked, Number.POSITIVE_INFINITY)];
    return new Map(locked.map(({ sequenceNumber, lock }) => [sequenceNumber, lock.untilMs]));
  }

  #describeHub(): HubView {
    const { hostName, queueDepth, isReachedWithLocal, services } = this.#options;
    const { clock, ring, version } = services;
    return {
      version,
      hostName,
      startedMs: ring.startedMs,
      nowMs: clock.nowMs(),
      queueDepth,
      obstacles: OBSTACLES,
      commandFlag: isReachedWithLocal ? "--local" : "",
      kept: KEPT,
    };
  }
}

/** Of the last device with this id: the generation counts ticks of 100 ns (rule registry-generation). */
function createdTimeMs({ generationId }: DeviceIdentity): number {
  return Number(generationId) / TICKS_PER_MS;
}

function isEmpty(value: object): boolean {
  return Array.isArray(value) && value.length === 0;
}
