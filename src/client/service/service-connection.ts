/** The contract of a service connection: sending to devices and receiving feedback. */

import type { FeedbackStatusCode } from "../../core/feedback.ts";
import type { Message } from "../../core/message.ts";
import type { SessionOptions } from "../connection/client-session.ts";
import type { EventHubAddress } from "../connection/event-hub-address.ts";
import type { ServiceSignIn } from "../connection/service-sign-in.ts";

export type ServiceTransport = "amqp" | "amqp-ws";

export interface ServiceConnectOptions extends SessionOptions {
  /** Which hub, and how to sign in. */
  readonly signIn: ServiceSignIn;
  readonly transport: ServiceTransport;
}

/** A feedback record from the hub. */
export interface ReceivedFeedback {
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: FeedbackStatusCode;
  readonly description: string;
  /** Milliseconds since the epoch, UTC. */
  readonly enqueuedTimeUtcMs: number;
}

/** Records are delivered and settled in batches. */
export interface FeedbackBatch {
  readonly records: readonly ReceivedFeedback[];
  /** Deletes the batch from the hub's queue. */
  complete(): void;
  /**
   * Releases the batch for the next reader; its delivery count rises by one. This connection then
   * receives no more batches.
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
  /** Resolves once the feedback link is attached. A batch stays unsettled until the caller settles it. */
  openFeedback(onBatch: (batch: FeedbackBatch) => void): Promise<void>;
  /**
   * Asks the hub for its Event Hubs-compatible endpoint.
   *
   * @throws ClientError by the hub's name for its refusal, ServiceUnavailable, or ConnectionLost.
   */
  findEventHub(): Promise<EventHubAddress>;
  /** Flushes settlements, then disconnects. Idempotent. */
  close(): Promise<void>;
}
