import { connect } from "node:tls";
import rhea, { type Message } from "rhea";
import { AmqpPeer, type AmqpSender, dataOf, type SendOutcome } from "../support/amqp-peer.ts";
import type { RestEndpoint } from "./rest.ts";

export type AckWord = "none" | "positive" | "negative" | "full";

/** A message as a service sends it. */
export interface OutgoingMessage {
  readonly messageId: string;
  readonly body: Buffer;
  readonly ack?: AckWord;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** Milliseconds since the epoch, UTC. */
  readonly expiryTimeUtcMs?: number;
  readonly properties?: Readonly<Record<string, string>>;
}

/** One entry of a feedback batch on the wire. */
export interface FeedbackJson {
  readonly originalMessageId: string;
  readonly deviceId: string;
  readonly deviceGenerationId: string;
  readonly statusCode: string;
  readonly description: string;
  readonly enqueuedTimeUtc: string;
}

/** A service's AMQP connection: sends messages and collects feedback. */
export class ServiceClient {
  readonly feedback = new FeedbackLog();
  readonly #peer: AmqpPeer;
  readonly #sender: AmqpSender;

  private constructor(peer: AmqpPeer, sender: AmqpSender) {
    this.#peer = peer;
    this.#sender = sender;
  }

  static async connect({ host, ca }: RestEndpoint, port: number, token: string) {
    const socket = connect({ host, port, servername: host, ...(ca !== undefined && { ca }) });
    socket.setNoDelay();
    const peer = await new AmqpPeer(socket, { hostname: host }).opened();
    const reply = await (await peer.openCbs()).putToken(host, token);
    const status = Number(reply.application_properties?.["status-code"]);
    if (status !== 200) throw new Error(`The hub refused the service's token: ${status}.`);
    const client = new ServiceClient(peer, await peer.openSender("/messages/devicebound"));
    void client.#collect();
    return client;
  }

  send(deviceId: string, message: OutgoingMessage): Promise<SendOutcome> {
    return this.#sender.send(toAmqp(deviceId, message));
  }

  close(): void {
    this.#peer.destroy();
  }

  async #collect(): Promise<void> {
    const receiver = await this.#peer.openReceiver("/messages/serviceBound/feedback");
    try {
      for (;;) {
        const { message, delivery } = await receiver.next();
        delivery.accept();
        this.feedback.add(JSON.parse(dataOf(message).toString()) as FeedbackJson[]);
      }
    } catch {
      // The connection was closed: the test is over.
    }
  }
}

/** The records received, and a way to wait for one. */
export class FeedbackLog {
  readonly #records: FeedbackJson[] = [];
  readonly #waiting = new Set<() => void>();

  add(records: readonly FeedbackJson[]): void {
    this.#records.push(...records);
    for (const look of this.#waiting) look();
  }

  of(messageId: string): FeedbackJson[] {
    return this.#records.filter((record) => record.originalMessageId === messageId);
  }

  /** The first record of this message. */
  reached(messageId: string): Promise<FeedbackJson> {
    return new Promise((resolve) => {
      const look = (): void => {
        const [record] = this.of(messageId);
        if (record === undefined) return;
        this.#waiting.delete(look);
        resolve(record);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

function toAmqp(deviceId: string, message: OutgoingMessage): Message {
  const { ack, correlationId, userId, contentType, contentEncoding, expiryTimeUtcMs } = message;
  return {
    to: `/devices/${encodeURIComponent(deviceId)}/messages/devicebound`,
    message_id: message.messageId,
    ...(correlationId !== undefined && { correlation_id: correlationId }),
    // The user id is binary; rhea's types have a string.
    ...(userId !== undefined && { user_id: Buffer.from(userId) as unknown as string }),
    ...(contentType !== undefined && { content_type: contentType }),
    ...(contentEncoding !== undefined && { content_encoding: contentEncoding }),
    ...(expiryTimeUtcMs !== undefined && { absolute_expiry_time: new Date(expiryTimeUtcMs) }),
    application_properties: { ...message.properties, ...(ack && { "iothub-ack": ack }) },
    body: rhea.message.data_section(message.body),
  };
}
