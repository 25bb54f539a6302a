/** The last messages, and which of them have changed since the page was last told. */

import { type FeedbackStatusCode, wantsFeedback } from "../../../core/feedback.ts";
import type { Message } from "../../../core/message.ts";
import type { MessageQueue } from "../../../core/message-queue.ts";
import type { HubEvent, MessageRef } from "../../model/events.ts";
import { formatMessageKey } from "../content-keys.ts";
import {
  addDrop,
  addFeedback,
  addStep,
  type FeedbackEvent,
  isWaiting,
  type LifeEvent,
  type MessageLife,
  startLife,
} from "./message-life.ts";

type Arrival = Extract<HubEvent, { type: "enqueued" }>;

interface DeviceLives {
  readonly bySequence: Map<number, MessageLife>;
  /** Final, and their feedback is to come: in this order. */
  readonly beforeFeedback: MessageLife[];
}

export class MessageLives {
  readonly #kept: number;
  /** The oldest first. */
  readonly #lives = new Set<MessageLife>();
  readonly #byDevice = new Map<string, DeviceLives>();
  readonly #changed = new Set<MessageLife>();

  constructor(kept: number) {
    this.#kept = kept;
  }

  /** The newest first. */
  list(): MessageLife[] {
    return [...this.#lives].reverse();
  }

  /** In the order of their first change. */
  takeChanged(): MessageLife[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  enqueue(event: Arrival, timeMs: number, number: number, message: Message | undefined): void {
    const { deviceId, sequenceNumber, messageId, expiryTimeUtc } = event;
    const ref = { deviceId, sequenceNumber, ...(messageId !== undefined && { messageId }) };
    const key = formatMessageKey({ number, sequenceNumber, timeMs, deviceId });
    this.#add(startLife({ key, ref, expiryMs: Date.parse(expiryTimeUtc), timeMs, message }));
  }

  /** False for a message that is not followed. */
  step(event: LifeEvent, timeMs: number): boolean {
    const device = this.#byDevice.get(event.deviceId);
    const life = device?.bySequence.get(event.sequenceNumber);
    if (device === undefined || life === undefined) return false;
    if (addStep(life, event, timeMs)) this.#changed.add(life);
    const statusCode = statusOf(event);
    if (statusCode && wantsFeedback(life.ack, statusCode)) device.beforeFeedback.push(life);
    return true;
  }

  /** A record names the message by its id alone; records come in the order of the outcomes. */
  feedback(event: FeedbackEvent, timeMs: number): void {
    const { beforeFeedback = [] } = this.#byDevice.get(event.deviceId) ?? {};
    const index = beforeFeedback.findIndex(
      ({ ref: { messageId = "" } }) => messageId === event.originalMessageId,
    );
    const life = beforeFeedback[index];
    if (life === undefined) return;
    beforeFeedback.splice(0, index + 1);
    addFeedback(life, event, timeMs);
    this.#changed.add(life);
  }

  dropDevice(deviceId: string, timeMs: number): void {
    const { bySequence = new Map<number, MessageLife>() } = this.#byDevice.get(deviceId) ?? {};
    this.#byDevice.delete(deviceId);
    for (const life of bySequence.values()) {
      if (!isWaiting(life)) continue;
      addDrop(life, timeMs);
      this.#changed.add(life);
    }
  }

  /** What waited for a device that was deleted since: nobody has said when. */
  forgetDeleted(isDeleted: (deviceId: string, atMs: number) => boolean): void {
    for (const life of this.#lives) {
      if (isWaiting(life) && isDeleted(life.ref.deviceId, enqueuedMs(life))) this.#forget(life);
    }
  }

  /** What waits, and is not known otherwise, is older than the rest. */
  addWaiting(
    queues: Iterable<readonly [deviceId: string, queue: MessageQueue<Message>]>,
    onAdded: (ref: MessageRef) => void,
  ): void {
    const known = [...this.#lives];
    const waiting: MessageLife[] = [];
    for (const [deviceId, { entries }] of queues) {
      for (const { sequenceNumber, enqueuedTimeMs, expiryTimeMs, payload } of entries) {
        if (this.#byDevice.get(deviceId)?.bySequence.has(sequenceNumber)) continue;
        const { messageId } = payload.system;
        const ref = { deviceId, sequenceNumber, ...(messageId !== undefined && { messageId }) };
        const key = formatMessageKey({ sequenceNumber, timeMs: enqueuedTimeMs, deviceId });
        const arrival = { timeMs: enqueuedTimeMs, expiryMs: expiryTimeMs, message: payload };
        waiting.push(startLife({ key, ref, ...arrival }));
      }
    }
    waiting.sort((a, b) => enqueuedMs(a) - enqueuedMs(b));
    this.#lives.clear();
    for (const life of [...waiting, ...known]) this.#add(life);
    for (const life of waiting) if (this.#lives.has(life)) onAdded(life.ref);
  }

  #add(life: MessageLife): void {
    const { deviceId, sequenceNumber } = life.ref;
    const device = this.#byDevice.get(deviceId) ?? { bySequence: new Map(), beforeFeedback: [] };
    this.#byDevice.set(deviceId, device);
    device.bySequence.set(sequenceNumber, life);
    this.#lives.add(life);
    this.#changed.add(life);
    if (this.#lives.size <= this.#kept) return;
    // Takes one step of the iterator.
    const [oldest] = this.#lives;
    if (oldest) this.#forget(oldest);
  }

  #forget(life: MessageLife): void {
    const { deviceId, sequenceNumber } = life.ref;
    this.#lives.delete(life);
    this.#changed.delete(life);
    const device = this.#byDevice.get(deviceId);
    if (device?.bySequence.get(sequenceNumber) === life) device.bySequence.delete(sequenceNumber);
    if (device?.bySequence.size === 0) this.#byDevice.delete(deviceId);
  }
}

function statusOf(event: LifeEvent): FeedbackStatusCode | undefined {
  if (event.type === "deadLettered") return event.reason;
  return event.type === "settled" && event.outcome === "completed" ? "Success" : undefined;
}

function enqueuedMs({ steps: [enqueued] }: MessageLife): number {
  return enqueued?.timeMs ?? 0;
}
