/** Changes go through the core, into the store, then to consumers; they resolve once durable. */

import { randomUUID } from "node:crypto";
import type { Clock } from "../../async/clock.ts";
import { enqueueMessage, isFull } from "../../core/device-queue.ts";
import { type FeedbackRecord, feedbackFor, leavesFeedback } from "../../core/feedback.ts";
import { HubError } from "../../core/hub-error.ts";
import type { CloudToDeviceSettings } from "../../core/limits.ts";
import type { Message } from "../../core/message.ts";
import {
  advance,
  deliverNext,
  EMPTY_QUEUE,
  type MessageQueue,
  nextDueMs,
  purge,
  releaseLocks,
  type Step,
  settle,
} from "../../core/message-queue.ts";
import { type Entry, endedLock, type Settlement, type Transition } from "../../core/queue-entry.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import type { GuardedStore } from "../store/guard-store.ts";
import { deleteDeviceQueue, deviceQueueChanges, putWaitingFeedback } from "../store/records.ts";
import type { StoreChange } from "../store/store.ts";
import type { HubEventStream } from "./events.ts";
import type { FeedbackQueue } from "./feedback-queue.ts";
import type { Registry } from "./identity-registry.ts";
import { toEvents } from "./message-events.ts";
import type { Subscription } from "./subscription.ts";

export interface MessageDelivery {
  readonly lockToken: string;
  readonly entry: Entry<Message>;
}

export interface MessageConsumer {
  hasCredit(): boolean;
  deliver(delivery: MessageDelivery): void;
  /** A lock of this consumer has ended, settled or not. */
  onLockEnded(lockToken: string): void;
  onReplaced(error: HubError): void;
}

interface Consumer {
  readonly consumer: MessageConsumer;
  /** Absent until there is one: most consumers are idle. */
  lockTokens?: Set<string>;
}

interface DeviceState {
  readonly deviceId: string;
  queue: MessageQueue<Message>;
  consumer?: Consumer;
  readonly timer: string;
  /** Called by the timer. */
  readonly onDue: () => void;
}

interface CloudToDeviceOptions {
  readonly settings: CloudToDeviceSettings;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly store: GuardedStore;
  readonly events: HubEventStream;
  readonly registry: Registry;
  readonly feedback: FeedbackQueue;
  readonly queues: ReadonlyMap<string, MessageQueue<Message>>;
}

export class CloudToDevice {
  readonly #options: CloudToDeviceOptions;
  readonly #devices = new Map<string, DeviceState>();

  constructor(options: CloudToDeviceOptions) {
    this.#options = options;
    options.registry.onDelete((deviceId) => this.#forget(deviceId));
    for (const [deviceId, queue] of options.queues) {
      const state = this.#stateOf(deviceId);
      state.queue = queue;
      this.#wakeWhenDue(state);
    }
  }

  /**
   * @throws HubError DeviceNotFound, also for a disabled device (rules c2d-unknown-device,
   * c2d-device-disabled), DeviceMaximumQueueDepthExceeded, MessageTooLarge, ArgumentInvalid.
   */
  async send(deviceId: string, message: Message): Promise<void> {
    const device = this.#options.registry.find(deviceId);
    if (device === undefined || device.status === "disabled") {
      throw new HubError("DeviceNotFound", `The hub has no enabled device '${deviceId}'.`);
    }
    const { settings, clock } = this.#options;
    const state = this.#stateOf(deviceId);
    await this.#apply(state, enqueueMessage(state.queue, message, settings, clock.nowMs()));
  }

  /** Replaces the previous consumer (rule one-connection). */
  subscribe(deviceId: string, consumer: MessageConsumer): Subscription {
    const state = this.#stateOf(deviceId);
    const previous = state.consumer;
    const own: Consumer = { consumer };
    state.consumer = own;
    if (previous !== undefined) {
      this.#release(state, previous);
      previous.consumer.onReplaced(
        new HubError("LinkCreationConflict", "Another receiver of the same device replaced it."),
      );
    }
    this.#advance(state);
    this.#deliver(state);
    return {
      wake: () => this.#deliver(this.#stateOf(deviceId)),
      close: () => this.#unsubscribe(deviceId, own),
    };
  }

  /** For a polling receiver; undefined if no message is visible. */
  take(deviceId: string, lockTimeoutMs?: number): MessageDelivery | undefined {
    const state = this.#stateOf(deviceId);
    this.#advance(state);
    const delivery = this.#deliverNext(state, lockTimeoutMs);
    this.#wakeWhenDue(state);
    return delivery;
  }

  /** @throws HubError DeviceMessageLockLost when the lock has expired or the message is gone. */
  async settle(deviceId: string, lockToken: string, settlement: Settlement): Promise<void> {
    const state = this.#stateOf(deviceId);
    this.#advance(state);
    const { maxDeliveryCount } = this.#options.settings;
    const outcome = settle(state.queue, lockToken, settlement, maxDeliveryCount);
    if (outcome.type === "lockLost") {
      throw new HubError(
        "DeviceMessageLockLost",
        "The message is no longer locked by this receiver.",
      );
    }
    await this.#apply(state, outcome);
  }

  /** Resolves to the number of dead-lettered messages. */
  async purge(deviceId: string): Promise<number> {
    const state = this.#stateOf(deviceId);
    this.#advance(state);
    const step = purge(state.queue);
    await this.#apply(state, step);
    return step.transitions.length;
  }

  /** Messages waiting or in flight. */
  countOf(deviceId: string): number {
    return this.queueOf(deviceId).size;
  }

  /** Those of one device, oldest first. They do not change with the hub. */
  entriesOf(deviceId: string): Iterable<Entry<Message>> {
    return this.queueOf(deviceId).entries;
  }

  /** It does not change with the hub. */
  queueOf(deviceId: string): MessageQueue<Message> {
    const state = this.#stateOf(deviceId);
    this.#advance(state);
    return state.queue;
  }

  /** Whether its queue takes another message. */
  hasRoomFor(deviceId: string): boolean {
    return !isFull(this.queueOf(deviceId), this.#options.settings);
  }

  /** Of all devices that have messages, by id. They do not change with the hub. */
  queues(): [deviceId: string, queue: MessageQueue<Message>][] {
    const deviceIds = [...this.#devices.keys()].sort();
    for (const deviceId of deviceIds) this.#advance(this.#stateOf(deviceId));
    return deviceIds.flatMap((deviceId) => {
      const { queue } = this.#stateOf(deviceId);
      return queue.size > 0 ? [[deviceId, queue] as const] : [];
    });
  }

  /** Drops messages without feedback, and waiting feedback records (rule c2d-device-deleted). */
  #forget(deviceId: string): StoreChange[] {
    const { queue, timer } = this.#stateOf(deviceId);
    this.#devices.delete(deviceId);
    this.#options.scheduler.schedule(timer, undefined, () => {});
    return [...deleteDeviceQueue(deviceId, queue), ...this.#options.feedback.forget(deviceId)];
  }

  #unsubscribe(deviceId: string, own: Consumer): void {
    const state = this.#devices.get(deviceId);
    if (state?.consumer !== own) return;
    delete state.consumer;
    this.#release(state, own);
  }

  #release(state: DeviceState, { lockTokens }: Consumer): void {
    if (lockTokens === undefined || lockTokens.size === 0) return;
    void this.#apply(state, releaseLocks(state.queue, lockTokens));
  }

  #advance(state: DeviceState): void {
    const step = advance(state.queue, this.#options.clock.nowMs());
    if (step.transitions.length > 0) void this.#apply(state, step);
  }

  /** Events and feedback wait for a durable change; delivery does not (rule c2d-early-delivery). */
  #apply(state: DeviceState, step: Step<Message>): Promise<void> {
    const { deviceId } = state;
    state.queue = step.queue;
    const { feedback, store } = this.#options;
    const records = feedback.number(this.#feedbackOf(deviceId, step.transitions));
    const durable = store.write(() => [
      ...deviceQueueChanges(deviceId, step.transitions),
      ...records.map(putWaitingFeedback),
    ]);
    this.#report(deviceId, step.transitions);
    feedback.admit(records);
    for (const transition of step.transitions) {
      this.#endLock(state, endedLock(transition)?.token);
    }
    this.#deliver(state);
    return durable;
  }

  #endLock({ consumer }: DeviceState, lockToken = ""): void {
    if (consumer?.lockTokens?.delete(lockToken)) consumer.consumer.onLockEnded(lockToken);
  }

  #deliver(state: DeviceState): void {
    const { consumer } = state;
    while (consumer !== undefined && consumer === state.consumer && consumer.consumer.hasCredit()) {
      const delivery = this.#deliverNext(state);
      if (delivery === undefined) break;
      consumer.lockTokens ??= new Set();
      consumer.lockTokens.add(delivery.lockToken);
      consumer.consumer.deliver(delivery);
    }
    this.#wakeWhenDue(state);
  }

  #deliverNext(
    state: DeviceState,
    lockTimeoutMs = this.#options.settings.lockTimeoutMs,
  ): MessageDelivery | undefined {
    if (state.queue.visible === undefined) return undefined;
    const { clock, store } = this.#options;
    const lockToken = randomUUID();
    const untilMs = clock.nowMs() + lockTimeoutMs;
    const step = deliverNext(state.queue, { token: lockToken, untilMs });
    const [delivered] = step.transitions;
    if (delivered === undefined) return undefined;
    state.queue = step.queue;
    void store.write(() => deviceQueueChanges(state.deviceId, step.transitions));
    this.#report(state.deviceId, step.transitions);
    return { lockToken, entry: delivered.entry };
  }

  #feedbackOf(deviceId: string, transitions: readonly Transition<Message>[]): FeedbackRecord[] {
    if (!transitions.some(leavesFeedback)) return [];
    const deviceGenerationId = this.#options.registry.find(deviceId)?.generationId ?? "";
    const origin = { deviceId, deviceGenerationId };
    const nowMs = this.#options.clock.nowMs();
    return transitions.flatMap((transition) => feedbackFor(transition, origin, nowMs) ?? []);
  }

  #report(deviceId: string, transitions: readonly Transition<Message>[]): void {
    const { events } = this.#options;
    for (const transition of transitions) {
      const arrived = transition.type === "enqueued" ? transition.entry.payload : undefined;
      for (const event of toEvents(deviceId, transition)) events.emit(event, arrived);
    }
  }

  /** The timer of a queue that has become empty is left: the next message needs one again. */
  #wakeWhenDue({ queue, timer, onDue }: DeviceState): void {
    const dueMs = nextDueMs(queue);
    if (dueMs !== undefined) this.#options.scheduler.schedule(timer, dueMs, onDue);
  }

  #stateOf(deviceId: string): DeviceState {
    const known = this.#devices.get(deviceId);
    if (known !== undefined) return known;
    const onDue = (): void => {
      this.#advance(state);
      this.#wakeWhenDue(state);
    };
    const timer = `queue/${deviceId}`;
    const state: DeviceState = { deviceId, queue: EMPTY_QUEUE, timer, onDue };
    this.#devices.set(deviceId, state);
    return state;
  }
}
