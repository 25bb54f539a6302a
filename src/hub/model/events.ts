/** Events of the hub, reported once durable. */

import type { FeedbackRecord } from "../../core/feedback.ts";
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
  | ({ readonly type: "enqueued"; readonly expiryTimeMs: number } & MessageRef)
  | ({ readonly type: "delivered"; readonly deliveryCount: number } & MessageRef)
  | ({ readonly type: "requeued"; readonly reason: RequeueReason } & MessageRef)
  | ({ readonly type: "settled"; readonly outcome: SettledOutcome } & MessageRef)
  | ({ readonly type: "deadLettered"; readonly reason: DeadLetterReason } & MessageRef)
  | ({ readonly type: "feedback" } & FeedbackRecord)
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

export type SettledOutcome = "completed" | "abandoned" | "rejected";

export type HubEventListener = (event: HubEvent) => void;

interface Subscription {
  readonly listener: HubEventListener;
  hasEnded: boolean;
}

/** In the order in which they happened. */
export class HubEventStream {
  readonly #store: Pick<GuardedStore, "onceDurable">;
  /** Replaced at each change: an event goes to those that were listening when it happened. */
  #subscriptions: readonly Subscription[] = [];

  constructor(store: Pick<GuardedStore, "onceDurable">) {
    this.#store = store;
  }

  /**
   * Once everything written before is durable, never within this call, so that a listener that acts
   * on the hub does so after the reported change. Callers write first, then emit.
   */
  emit(event: HubEvent): void {
    const subscriptions = this.#subscriptions;
    this.#store.onceDurable(() => {
      for (const subscription of subscriptions) notify(subscription, event);
    });
  }

  subscribe(listener: HubEventListener): () => void {
    const subscription: Subscription = { listener, hasEnded: false };
    this.#subscriptions = [...this.#subscriptions, subscription];
    return () => {
      subscription.hasEnded = true;
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription);
    };
  }
}

function notify({ listener, hasEnded }: Subscription, event: HubEvent): void {
  if (hasEnded) return;
  try {
    listener(event);
  } catch (error) {
    // A failing listener must not affect the hub.
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}
