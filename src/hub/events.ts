/** What happens inside the hub, told as it happens. */

import type { FeedbackRecord } from "../core/feedback.ts";
import type { DeadLetterReason, RequeueReason, Settlement } from "../core/message-queue.ts";

export type Protocol = "mqtt" | "amqp" | "https";

/** A message within its device's queue. */
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
      /** Within the partition. */
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

/** Fans events out to listeners, in the order they happened. */
export class HubEventStream {
  readonly #listeners = new Set<HubEventListener>();

  emit(event: HubEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // What happens in the hub must not depend on who watches.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
  }

  /** The returned function ends the subscription. */
  subscribe(listener: HubEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
