import { Deadline } from "../../async/deadline.ts";
import { createDeferred } from "../../async/deferred.ts";
import { formatDuration } from "../../async/format-duration.ts";
import { untilAborted } from "../../async/until-aborted.ts";
import { OutcomeUnknownError } from "../../client/errors/outcome-unknown-error.ts";
import { FeedbackTracker, type MatchedFeedback } from "../../client/service/feedback-tracker.ts";
import type { SendEvent } from "../../client/service/send-event.ts";
import { sendAll } from "../../client/service/sender.ts";
import type { FeedbackBatch, ServiceConnection } from "../../client/service/service-connection.ts";
import { WRITE_GRACE_MS } from "../program/ending.ts";
import type { RunEnd } from "../program/run-exit-code.ts";
import type { Context } from "../program/run-program.ts";
import { writeSummary } from "../program/write-summary.ts";
import type { ExitCode } from "../terminal/exit-code.ts";
import { OrderedWriter } from "../terminal/ordered-writer.ts";
import { formatSending } from "../text/sending-text.ts";
import { FailureReporter } from "./failure-reporter.ts";
import { FeedbackRoom } from "./feedback-room.ts";
import type { MessageSource } from "./messages/message-source.ts";
import { formatWaiting } from "./progress-text.ts";
import { createRenderer, type SendRenderer } from "./render.ts";
import type { RunOptions } from "./send-options.ts";
import type { Tally } from "./tally.ts";

export class SendRun {
  readonly #options: RunOptions;
  readonly #source: MessageSource;
  readonly #context: Context;
  readonly #renderer: SendRenderer;
  readonly #writer: OrderedWriter;
  readonly #feedback = new FeedbackTracker((feedback) => this.#countFeedback(feedback));
  readonly #startMs = performance.now();
  readonly #failures: FailureReporter;
  readonly #held = new Set<string>();
  readonly #failure = createDeferred<never>();
  #end: { readonly error: unknown } | undefined;
  readonly #room: FeedbackRoom;
  /** Ends the reading of messages. */
  readonly #stop = new AbortController();
  #isOverdue = false;
  #onFeedback: () => void = () => {};
  #sent = 0;
  #failed = 0;
  /** Failed messages that the hub may have accepted. */
  #unanswered = 0;
  #success = 0;
  #negative = 0;

  constructor(options: RunOptions, source: MessageSource, context: Context) {
    this.#options = options;
    this.#source = source;
    this.#context = context;
    this.#renderer = createRenderer(context.flags.output === "json");
    this.#writer = new OrderedWriter(context.io.stdout);
    this.#failures = new FailureReporter(context, source.bounds?.finalErrors);
    this.#room = new FeedbackRoom({
      tracker: this.#feedback,
      maxAwaited: source.bounds?.awaited ?? Number.POSITIVE_INFINITY,
      timeoutMs: options.timeoutMs,
      onPause: (text) => context.reporter.info(text),
      onTimeout: () => this.#onFeedbackOverdue(),
    });
  }

  get tally(): Tally {
    return {
      sent: this.#sent,
      failed: this.#failed,
      unsent: this.#source.planned - this.#sent - this.#failed,
      success: this.#success,
      negative: this.#negative,
      pending: this.#options.isWaiting ? this.#sent - this.#success - this.#negative : 0,
      isWaiting: this.#options.isWaiting,
    };
  }

  /** Whether it may last: it goes on after a lost connection. */
  get isEndless(): boolean {
    return this.#source.bounds !== undefined;
  }

  /** Ends sending and the wait for feedback with an error. */
  fail(error: unknown): void {
    this.#end = { error };
    this.#failure.reject(error as Error);
    this.#stop.abort();
  }

  get refusedCount(): number {
    return this.#failed - this.#unanswered;
  }

  /** @throws ClientError, OutputError, OutputClosedError */
  async sendAll(connection: Pick<ServiceConnection, "send">): Promise<void> {
    const { interruption, reporter } = this.#context;
    const { onQueueFull, timeoutMs, intervalMs } = this.#options;
    this.#showProgress();
    this.#writer.failed.catch(() => this.#stop.abort());
    await sendAll({
      ...this.#source.bounds,
      connection,
      messages: this.#source.all(),
      // No faster than the output is read, and feedback arrives.
      room: () => this.#writer.room() ?? reporter.room() ?? this.#room.room(),
      onMade: ({ deviceId, message }) => {
        if (!this.#options.isWaiting) return;
        this.#feedback.expect(deviceId, message.system.messageId ?? "");
      },
      onEvent: (event) => this.#onEvent(event),
      onQueueFull,
      timeoutMs,
      intervalMs,
      signal: AbortSignal.any([interruption.signal, this.#stop.signal]),
    }).finally(() => this.#room.end());
    interruption.signal.throwIfAborted();
    if (this.#end) throw this.#end.error;
    await this.#writer.flush();
  }

  #showProgress(): void {
    const { reporter, io } = this.#context;
    // It would overwrite what is being typed.
    if (this.#source.bounds && io.stdin.isTTY) return;
    const startMs = performance.now();
    reporter.progress(() =>
      formatSending({
        done: this.#sent + this.#failed,
        failed: this.#failed,
        total: this.#source.total,
        held: this.#held.size,
        elapsedMs: performance.now() - startMs,
      }),
    );
  }

  onFeedbackBatch(batch: FeedbackBatch): void {
    this.#feedback.add(batch, Date.now());
  }

  releaseForeignFeedback(): void {
    this.#feedback.finish();
  }

  async waitForFeedback(): Promise<RunEnd> {
    if (this.#isOverdue) return "timeout";
    if (this.tally.pending === 0) return "satisfied";
    const { interruption, reporter } = this.#context;
    const { timeoutMs } = this.#options;
    const startMs = performance.now();
    reporter.progress(() => {
      const leftMs = timeoutMs === 0 ? undefined : startMs + timeoutMs - performance.now();
      return formatWaiting({ pending: this.tally.pending, sent: this.#sent, leftMs });
    });
    const ended = createDeferred<RunEnd>();
    const deadline = new Deadline(() => ended.resolve("timeout"));
    deadline.start(timeoutMs);
    this.#onFeedback = () => {
      if (this.tally.pending === 0) ended.resolve("satisfied");
    };
    const reasons = [ended.promise, this.#failure.promise, this.#writer.failed];
    try {
      const end = await untilAborted(Promise.race(reasons), interruption.signal);
      return end ?? interruption.cause ?? "SIGINT";
    } finally {
      deadline.cancel();
    }
  }

  printPending(reason: string): void {
    for (const message of this.#feedback.pending()) {
      this.#print(this.#renderer.pending(message, reason));
    }
  }

  /**
   * Call last.
   *
   * @returns The exit code of a reported write error; else 0.
   * @throws OutputClosedError
   */
  async printSummary(): Promise<ExitCode> {
    const { io, reporter, interruption } = this.#context;
    const elapsedMs = Math.round(performance.now() - this.#startMs);
    this.#source.reportSkipped();
    if (io.stdout.isTTY) reporter.hideProgress();
    const summary = this.#renderer.summary(this.tally, elapsedMs);
    const limitMs = interruption.cause ? WRITE_GRACE_MS : undefined;
    return await writeSummary(summary, this.#writer, reporter, limitMs);
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
        this.#failures.reportRetry(event);
        break;
      case "unsent":
        this.#held.delete(event.deviceId);
        break;
    }
  }

  #onSent({ index, outgoing, acceptedAtMs }: Extract<SendEvent, { type: "sent" }>): void {
    const { deviceId, message } = outgoing;
    this.#sent += 1;
    this.#held.delete(deviceId);
    this.#print(this.#renderer.sent({ n: index, deviceId, message, sentAtMs: acceptedAtMs }));
    if (!this.#options.isWaiting) return;
    this.#feedback.accepted(deviceId, message.system.messageId ?? "", acceptedAtMs);
    this.#room.onAccepted();
  }

  #onFailed(event: Extract<SendEvent, { type: "failed" }>): void {
    const { deviceId, message } = event.outgoing;
    this.#held.delete(deviceId);
    if (this.#options.isWaiting) this.#feedback.cancel(deviceId, message.system.messageId ?? "");
    this.#room.onChange();
    this.#failed += 1;
    if (event.error instanceof OutcomeUnknownError) this.#unanswered += 1;
    this.#failures.reportFailure(event);
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
    this.#room.onChange();
    this.#onFeedback();
  }

  /** With `--ack negative`, no record in time is a success. */
  #onFeedbackOverdue(): void {
    const { ack, timeoutMs } = this.#options;
    if (ack === "negative") {
      this.printPending(`no negative feedback within ${formatDuration(timeoutMs)}`);
      this.#feedback.giveUp();
      this.#room.onChange();
    } else {
      this.#isOverdue = true;
      this.#stop.abort();
    }
  }
}
