/** Events of the hub, reported once durable. */

import type { Clock } from "../../async/clock.ts";
import type { FeedbackRecord } from "../../core/feedback.ts";
import type { Message } from "../../core/message.ts";
import type { DeadLetterReason, RequeueReason, Settlement } from "../../core/queue-entry.ts";
import type { GuardedStore } from "../store/guard-store.ts";

export type Protocol = "mqtt" | "amqp" | "https";

/** `aborted` usually means `untrusted`, from a client that does not send an alert. */
export type HandshakeFailure =
  | "untrusted"
  | "aborted"
  | "plainText"
  | "incompatible"
  | "timeout"
  | "other";

/** A message in its device's queue. */
export interface MessageRef {
  readonly deviceId: string;
  readonly sequenceNumber: number;
  readonly messageId?: string;
}

export type HubEvent =
  | {
      readonly type: "deviceConnected";
      readonly deviceId: string;
      readonly protocol: Protocol;
    }
  | {
      readonly type: "deviceDisconnected";
      readonly deviceId: string;
      readonly protocol: Protocol;
      readonly reason: string;
    }
  | {
      readonly type: "connectionRefused";
      readonly protocol: Protocol;
      readonly name: string;
      readonly reason: string;
    }
  /** A TLS handshake failed; reported at most every 30 s per address and cause. */
  | {
      readonly type: "handshakeFailed";
      readonly remoteAddress: string;
      readonly cause: HandshakeFailure;
      readonly reason: string;
      /** What to do about it, on the client's side. */
      readonly hint: string;
      /** Failures since the last event with this address and cause, including this one. */
      readonly count: number;
    }
  /** `expiryTimeUtc` is ISO 8601, as all times of events. */
  | ({ readonly type: "enqueued"; readonly expiryTimeUtc: string } & MessageRef)
  | ({ readonly type: "delivered"; readonly deliveryCount: number } & MessageRef)
  | ({ readonly type: "requeued"; readonly reason: RequeueReason } & MessageRef)
  | ({ readonly type: "settled"; readonly outcome: SettledOutcome } & MessageRef)
  | ({ readonly type: "deadLettered"; readonly reason: DeadLetterReason } & MessageRef)
  | ({ readonly type: "feedback"; readonly enqueuedTimeUtc: string } & Omit<
      FeedbackRecord,
      "enqueuedTimeUtcMs"
    >)
  /** A device-to-cloud message was stored. */
  | {
      readonly type: "telemetry";
      readonly deviceId: string;
      readonly messageId?: string;
      readonly partitionId: string;
      /** Position in the partition. */
      readonly sequenceNumber: number;
    }
  | { readonly type: "feedbackDelivered"; readonly batch: number; readonly records: number }
  | {
      readonly type: "feedbackSettled";
      readonly batch: number;
      readonly outcome: Settlement;
    };

export const HUB_EVENT_TYPES: readonly string[] = Object.keys({
  deviceConnected: true,
  deviceDisconnected: true,
  connectionRefused: true,
  handshakeFailed: true,
  enqueued: true,
  delivered: true,
  requeued: true,
  settled: true,
  deadLettered: true,
  feedback: true,
  telemetry: true,
  feedbackDelivered: true,
  feedbackSettled: true,
} satisfies Record<HubEvent["type"], true>);

export type SettledOutcome = "completed" | "abandoned" | "rejected";

export type HubEventListener = (event: HubEvent) => void;

/**
 * @param timeMs When it became durable, in milliseconds since the epoch.
 * @param message If the event is its arrival at the hub.
 */
type StreamListener = (event: HubEvent, timeMs: number, message?: Message) => void;

interface Subscription {
  readonly listener: StreamListener;
  hasEnded: boolean;
}

/** In the order in which they happened. */
export class HubEventStream {
  readonly #store: Pick<GuardedStore, "onceDurable">;
  readonly #clock: Clock;
  /** Replaced at each change: an event goes to those that were listening when it happened. */
  #subscriptions: readonly Subscription[] = [];

  constructor(store: Pick<GuardedStore, "onceDurable">, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Once everything written before is durable, never within this call, so that a listener that acts
   * on the hub does so after the reported change. Callers write first, then emit.
   */
  emit(event: HubEvent, message?: Message): void {
    const subscriptions = this.#subscriptions;
    this.#store.onceDurable(() => {
      const timeMs = this.#clock.nowMs();
      for (const { listener, hasEnded } of subscriptions) {
        if (!hasEnded) notify(listener, event, timeMs, message);
      }
    });
  }

  subscribe(listener: StreamListener): () => void {
    const subscription: Subscription = { listener, hasEnded: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => {
      subscription.hasEnded = true;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    };
  }
}

function notify(
  listener: StreamListener,
  event: HubEvent,
  timeMs: number,
  message: Message | undefined,
): void {
  try {
    listener(event, timeMs, message);
  } catch (error) {
    // A failing listener must not affect the hub.
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
