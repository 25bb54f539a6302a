/** One run of `c2d-send`: what it sends, the feedback it waits for, and its numbers. */

import type { PlannedMessage, SendEvent } from "../../client/send-event.ts";
import { sendAll } from "../../client/sender.ts";
import type { FeedbackBatch, ServiceConnection } from "../../client/service-connection.ts";
import type { Message } from "../../core/message.ts";
import { Deadline } from "../deadline.ts";
import { OrderedWriter } from "../ordered-writer.ts";
import type { Context } from "../run-program.ts";
import { formatSending } from "../sending-text.ts";
import { FeedbackBook, type MatchedFeedback } from "./feedback-book.ts";
import type { MessageSource } from "./message-source.ts";
import { formatWaiting } from "./progress-text.ts";
import { createRenderer, type SendRenderer } from "./render.ts";
import type { RunOptions } from "./send-options.ts";
import type { Tally, WaitEnd } from "./tally.ts";
import { Troubles } from "./troubles.ts";

export class SendRun {
  readonly #options: RunOptions;
  readonly #source: MessageSource;
  readonly #context: Context;
  readonly #renderer: SendRenderer;
  readonly #writer: OrderedWriter;
  readonly #book = new FeedbackBook((feedback) => this.#countFeedback(feedback));
  readonly #startMs = performance.now();
  readonly #troubles: Troubles;
  /** Devices whose next message waits for another try. */
  readonly #held = new Set<string>();
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
    this.#troubles = new Troubles(context);
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
    const startMs = performance.now();
    this.#context.reporter.progress(() =>
      formatSending({
        done: this.#sent + this.#failed,
        failed: this.#failed,
        total: this.#source.total,
        held: this.#held.size,
        elapsedMs: performance.now() - startMs,
      }),
    );
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
    const { interruption, reporter } = this.#context;
    const { timeoutMs } = this.#options;
    const startMs = performance.now();
    reporter.progress(() => {
      const leftMs = timeoutMs === 0 ? undefined : startMs + timeoutMs - performance.now();
      return formatWaiting({ pending: this.tally.pending, sent: this.#sent, leftMs });
    });
    let deadline: Deadline | undefined;
    const ended = new Promise<WaitEnd>((resolve) => {
      deadline = new Deadline(() => resolve("timeout"));
      deadline.start(timeoutMs);
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

  /** Names each message whose feedback has not come. */
  printPending(reason: string): void {
    for (const message of this.#book.pending()) {
      this.#print(this.#renderer.pending(message, reason));
    }
  }

  /** Last, after everything else has been written. */
  async printSummary(): Promise<void> {
    const elapsedMs = Math.round(performance.now() - this.#startMs);
    this.#print(this.#renderer.summary(this.tally, elapsedMs));
    await this.#writer.flush();
  }

  /** Made when they are taken, and no faster than stdout is read. */
  async *#messages(): AsyncGenerator<PlannedMessage> {
    for await (const { deviceId, make } of this.#source.all()) {
      await this.#writer.room();
      const message = (): Message => {
        const made = make();
        if (this.#options.isWaiting) this.#book.expect(deviceId, made.system.messageId ?? "");
        return made;
      };
      yield { deviceId, message };
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
        this.#held.add(event.deviceId);
        this.#troubles.tellRetry(event);
        break;
    }
  }

  #onSent({ index, outgoing, acceptedAtMs }: Extract<SendEvent, { type: "sent" }>): void {
    const { deviceId, message } = outgoing;
    this.#sent += 1;
    this.#held.delete(deviceId);
    this.#print(this.#renderer.sent({ n: index, deviceId, message, sentAtMs: acceptedAtMs }));
    if (!this.#options.isWaiting) return;
    this.#book.accepted(deviceId, message.system.messageId ?? "", acceptedAtMs);
  }

  #onFailed(event: Extract<SendEvent, { type: "failed" }>): void {
    const { deviceId, message } = event.outgoing;
    this.#held.delete(deviceId);
    if (this.#options.isWaiting) this.#book.cancel(deviceId, message.system.messageId ?? "");
    if (this.#context.interruption.cause) return;
    this.#failed += 1;
    this.#troubles.tellFailure(event);
  }

  #print(text: string): void {
    const { io, reporter } = this.#context;
    if (io.stdout.isTTY) reporter.hideProgress();
    this.#writer.write(text);
  }

  #countFeedback(feedback: MatchedFeedback): void {
    if (feedback.record.statusCode === "Success") this.#success += 1;
    else this.#negative += 1;
    this.#print(this.#renderer.feedback(feedback));
    this.#onFeedback();
  }
}
