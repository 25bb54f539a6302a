/** One connection of a service: sending to devices and hearing of their fate. */

import type { FeedbackStatusCode } from "../../core/feedback.ts";
import type { Message } from "../../core/message.ts";
import type { SessionOptions } from "../connection/client-session.ts";
import type { EventHubAddress } from "../connection/event-hub-address.ts";
import type { ServiceSignIn } from "../connection/service-sign-in.ts";

export type ServiceTransport = "amqp" | "amqp-ws";

export interface ServiceConnectOptions extends SessionOptions {
  /** Which hub, and as whom. */
  readonly signIn: ServiceSignIn;
  readonly transport: ServiceTransport;
}

/** A feedback record as it came from the hub. */
export interface ReceivedFeedback {
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: FeedbackStatusCode;
  readonly description: string;
  /** Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs: number;
}

/** Records travel and are settled in batches. */
export interface FeedbackBatch {
  readonly records: readonly ReceivedFeedback[];
  /** Deletes the batch from the hub's queue. */
  complete(): void;
  /**
   * Gives the batch back for whoever reads next; its delivery count rises by one. This connection
   * gets no more batches then.
   */
  release(): void;
}

export interface ServiceConnection {
  /**
   * Resolves once the hub has accepted the message.
   *
   * @throws ClientError by the hub's name for its refusal, or ConnectionLost.
   */
  send(deviceId: string, message: Message): Promise<void>;
  /** Resolves once the feedback link is attached. A batch stays unsettled until told otherwise. */
  openFeedback(onBatch: (batch: FeedbackBatch) => void): Promise<void>;
  /**
   * Asks the hub where its device-to-cloud events are read.
   *
   * @throws ClientError by the hub's name for its refusal, ServiceUnavailable, or ConnectionLost.
   */
  findEventHub(): Promise<EventHubAddress>;
  /** Waits for settlements to leave, then disconnects. Idempotent. */
  close(): Promise<void>;
}
