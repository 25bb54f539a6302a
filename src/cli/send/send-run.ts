/** One run of `c2d-send`: what it sends, the feedback it waits for, and its numbers. */

import type { SendEvent } from "../../client/send-event.ts";
import { sendAll } from "../../client/sender.ts";
import type { FeedbackBatch, ServiceConnection } from "../../client/service-connection.ts";
import { Deadline } from "../deadline.ts";
import { formatDuration } from "../duration.ts";
import { escapeLine } from "../escape.ts";
import type { Context } from "../run-program.ts";
import { FeedbackBook, type MatchedFeedback } from "./feedback-book.ts";
import type { MessageSource, Outgoing } from "./message-source.ts";
import { OrderedWriter } from "./ordered-writer.ts";
import { createRenderer, type SendRenderer } from "./render.ts";
import type { RunOptions } from "./send-options.ts";
import type { Tally, WaitEnd } from "./tally.ts";

export class SendRun {
  readonly #options: RunOptions;
  readonly #source: MessageSource;
  readonly #context: Context;
  readonly #renderer: SendRenderer;
  readonly #writer: OrderedWriter;
  readonly #book = new FeedbackBook((feedback) => this.#countFeedback(feedback));
  readonly #startMs = performance.now();
  /** Devices whose full queue has been told of, and failures told of, by device and name. */
  readonly #told = new Set<string>();
  readonly #failure: Promise<never>;
  #fail!: (error: unknown) => void;
  #onFeedback: () => void = () => {};
  #sent = 0;
  #failed = 0;
  #success = 0;
  #negative = 0;

  constructor(options: RunOptions, source: MessageSource, context: Context) {
    this.#options = options;
    this.#source = source;
    this.#context = context;
    this.#renderer = createRenderer(context.flags.output === "json");
    this.#writer = new OrderedWriter(context.io.stdout);
    this.#failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.#failure.catch(() => {});
  }

  get tally(): Tally {
    return {
      sent: this.#sent,
      failed: this.#failed,
      success: this.#success,
      negative: this.#negative,
      pending: this.#options.isWaiting ? this.#sent - this.#success - this.#negative : 0,
      isWaiting: this.#options.isWaiting,
    };
  }

  /** Ends whatever is waited for. */
  fail(error: unknown): void {
    this.#fail(error);
  }

  /** What has not been accepted will not be. An interrupted run has not failed. */
  giveUp(): void {
    if (this.#context.interruption.cause) return;
    const { total } = this.#source;
    if (total !== undefined) this.#failed = total - this.#sent;
  }

  /**
   * Resolves once every message has its answer.
   *
   * @throws ClientError, OutputError, OutputClosedError
   */
  async sendAll(connection: ServiceConnection): Promise<void> {
    const { onQueueFull, timeoutMs, intervalMs } = this.#options;
    await sendAll({
      connection,
      messages: this.#messages(),
      onEvent: (event) => this.#onEvent(event),
      onQueueFull,
      timeoutMs,
      intervalMs,
      signal: this.#context.interruption.signal,
    });
    await this.#writer.flush();
    this.#context.interruption.signal.throwIfAborted();
  }

  onFeedbackBatch(batch: FeedbackBatch): void {
    this.#book.add(batch, Date.now());
  }

  releaseForeignFeedback(): void {
    this.#book.finish();
  }

  /** Resolves when every message has its record, or the time for them has passed. */
  async waitForFeedback(): Promise<WaitEnd> {
    if (this.tally.pending === 0) return "satisfied";
    const { interruption } = this.#context;
    let deadline: Deadline | undefined;
    const ended = new Promise<WaitEnd>((resolve) => {
      deadline = new Deadline(() => resolve("timeout"));
      deadline.start(this.#options.timeoutMs);
      this.#onFeedback = () => {
        if (this.tally.pending === 0) resolve("satisfied");
      };
      const stop = (): void => resolve(interruption.cause ?? "SIGINT");
      interruption.signal.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([ended, this.#failure, this.#writer.failed]);
    } finally {
      deadline?.cancel();
    }
  }

  /** Last, after everything else has been written. */
  async printSummary(): Promise<void> {
    const elapsedMs = Math.round(performance.now() - this.#startMs);
    this.#writer.write(this.#renderer.summary(this.tally, elapsedMs));
    await this.#writer.flush();
  }

  /** Made when they are taken, and no faster than stdout is read. */
  async *#messages(): AsyncGenerator<Outgoing> {
    for await (const outgoing of this.#source.all()) {
      await this.#writer.room();
      const { deviceId, message } = outgoing;
      if (this.#options.isWaiting) this.#book.expect(deviceId, message.system.messageId ?? "");
      yield outgoing;
    }
  }

  #onEvent(event: SendEvent): void {
    switch (event.type) {
      case "sent":
        this.#onSent(event);
        break;
      case "failed":
        this.#onFailed(event);
        break;
      case "queueFull":
      case "throttled":
        this.#onRetry(event);
        break;
    }
  }

  #onSent({ index, outgoing, acceptedAtMs }: Extract<SendEvent, { type: "sent" }>): void {
    const { deviceId, message } = outgoing;
    this.#sent += 1;
    const sent = { n: index, deviceId, message, sentAtMs: acceptedAtMs };
    this.#writer.write(this.#renderer.sent(sent));
    if (!this.#options.isWaiting) return;
    this.#book.accepted(deviceId, message.system.messageId ?? "", acceptedAtMs);
  }

  /** One error for all messages to a device that fail alike. */
  #onFailed({ index, outgoing, error }: Extract<SendEvent, { type: "failed" }>): void {
    const { deviceId, message } = outgoing;
    const { reporter, interruption } = this.#context;
    if (this.#options.isWaiting) this.#book.cancel(deviceId, message.system.messageId ?? "");
    if (interruption.cause) return;
    this.#failed += 1;
    reporter.info(`Not sent: message ${index} to ${escapeLine(deviceId)}.`);
    const key = `${error.name} ${deviceId}`;
    if (!isOfOneMessage(error.name) || this.#told.has(key)) return;
    this.#told.add(key);
    reporter.error(error);
  }

  #onRetry(event: Extract<SendEvent, { type: "queueFull" | "throttled" }>): void {
    const { reporter } = this.#context;
    const deviceId = escapeLine(event.deviceId);
    const wait = `next attempt in ${formatDuration(event.retryInMs)}`;
    const key = `${event.type} ${event.deviceId}`;
    if (this.#told.has(key)) {
      reporter.detail(`${deviceId}: ${wait}.`);
      return;
    }
    this.#told.add(key);
    reporter.info(
      event.type === "queueFull"
        ? `The queue of ${deviceId} is full; waiting for room, ${wait} ...`
        : `The hub throttles; ${wait} ...`,
    );
  }

  #countFeedback(feedback: MatchedFeedback): void {
    if (feedback.record.statusCode === "Success") this.#success += 1;
    else this.#negative += 1;
    this.#writer.write(this.#renderer.feedback(feedback));
    this.#onFeedback();
  }
}

/** The others end the whole run, which tells them. */
function isOfOneMessage(name: string): boolean {
  return name !== "ConnectionLost" && name !== "IotHubUnauthorized";
}
