import type { FeedbackStatusCode } from "../../core/feedback.ts";
import type { Message } from "../../core/message.ts";
import type { SessionOptions } from "../connection/client-session.ts";
import type { EventHubAddress } from "../connection/event-hub-address.ts";
import type { ServiceSignIn } from "../connection/service-sign-in.ts";

export type ServiceTransport = "amqp" | "amqp-ws";

export interface ServiceConnectOptions extends SessionOptions {
  readonly signIn: ServiceSignIn;
  readonly transport: ServiceTransport;
}

export interface ReceivedFeedback {
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: FeedbackStatusCode;
  readonly description: string;
  readonly enqueuedTimeUtcMs: number;
}

export interface FeedbackBatch {
  readonly records: readonly ReceivedFeedback[];
  complete(): void;
  /** The batch's delivery count rises by one. This connection then receives no more batches. */
  release(): void;
}

export interface ServiceConnection {
  /** @throws ClientError by the hub's name for its refusal, or ConnectionLost. */
  send(deviceId: string, message: Message): Promise<void>;
  openFeedback(onBatch: (batch: FeedbackBatch) => void): Promise<void>;
  /**
   * @throws ClientError by the hub's name for its refusal, ServiceUnavailable or ConnectionLost.
   */
  findEventHub(): Promise<EventHubAddress>;
  /** Flushes settlements first. Idempotent. */
  close(): Promise<void>;
}
