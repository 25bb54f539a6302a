import { Deadline } from "../../../async/deadline.ts";
import { formatDuration } from "../../../async/format-duration.ts";
import type { TelemetryEvent } from "../../../client/device/telemetry-event.ts";
import { TelemetrySender } from "../../../client/device/telemetry-sender.ts";
import { loadDeviceConfig } from "../../../config/device-config.ts";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../../core/limits.ts";
import type { Message } from "../../../core/message.ts";
import { bodySourceOf } from "../../message/body-source.ts";
import { validateJsonBody } from "../../message/json-body.ts";
import { type MessageInstance, makeRunId, messageMaker } from "../../message/make-message.ts";
import { readBody, type SizeLimit } from "../../message/read-body.ts";
import { type End, Ending, WRITE_GRACE_MS } from "../../program/ending.ts";
import { loadConfig } from "../../program/load-config.ts";
import { exitCodeOfTelemetry, type RunEnd } from "../../program/run-exit-code.ts";
import type { Context } from "../../program/run-program.ts";
import { writeSummary } from "../../program/write-summary.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { OrderedWriter } from "../../terminal/ordered-writer.ts";
import { OutputClosedError, OutputError } from "../../terminal/output.ts";
import { formatCount } from "../../text/count.ts";
import { formatSending } from "../../text/sending-text.ts";
import { DeviceLink } from "../device-link.ts";
import { MessageReceiver } from "../receiving/message-receiver.ts";
import { stdoutSink } from "../receiving/message-sink.ts";
import { TelemetryFailureReporter } from "./telemetry-failure-reporter.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";
import { createTelemetryFormat, type TelemetryFormat } from "./telemetry-format.ts";
import type { TelemetryOptions } from "./telemetry-options.ts";
import { toTelemetryOptions } from "./telemetry-options.ts";
import { TelemetryCounter } from "./telemetry-tally.ts";

type SendingEnd = End<"sent" | "refused" | "timeout">;

/** How long to wait for outstanding confirmations at the end. */
const CONFIRM_GRACE_MS = 2000;

/** Progress is shown only below this interval; otherwise each message is visible as it is sent. */
const PROGRESS_BELOW_MS = 1000;

const SIZE_LIMIT: SizeLimit = {
  direction: "device-to-cloud",
  maxBytes: MAX_DEVICE_TO_CLOUD_BYTES,
};

export async function telemetry(flags: TelemetryFlags, context: Context): Promise<ExitCode> {
  const source = bodySourceOf(flags);
  const config = loadConfig(loadDeviceConfig, "c2d-device", flags, context);
  const isTemplate = flags.template === true;
  const body = await readBody(
    source,
    isTemplate,
    SIZE_LIMIT,
    context.io,
    context.interruption.signal,
  );
  return await runTelemetry(toTelemetryOptions(flags, body, config), context);
}

/** @throws UsageError for a body that does not match its content type. */
export async function runTelemetry(options: TelemetryOptions, context: Context): Promise<ExitCode> {
  return await new TelemetryRun(options, context).run();
}

class TelemetryRun {
  readonly #options: TelemetryOptions;
  readonly #context: Context;
  readonly #run = makeRunId();
  readonly #makeMessage: (instance: MessageInstance) => Message;
  readonly #startMs = performance.now();
  readonly #counter = new TelemetryCounter();
  readonly #format: TelemetryFormat;
  readonly #writer: OrderedWriter;
  readonly #failures: TelemetryFailureReporter;
  readonly #link: DeviceLink;
  readonly #sender: TelemetrySender;
  readonly #receiver: MessageReceiver | undefined;
  readonly #ending: Ending<"sent" | "refused" | "timeout">;
  readonly #timeout = new Deadline(() => this.#ending.end("timeout"));
  readonly #disconnect = new AbortController();
  /** Reported for messages that are unconfirmed at the end. */
  #endReason = "Interrupted";

  constructor(options: TelemetryOptions, context: Context) {
    this.#options = options;
    this.#makeMessage = messageMaker(options.message);
    this.#context = context;
    this.#writer = new OrderedWriter(context.io.stdout);
    this.#failures = new TelemetryFailureReporter(context);
    this.#ending = new Ending(context);
    this.#link = this.#createLink();
    const { deviceId } = this.#link;
    this.#format = createTelemetryFormat(context.flags.output === "json", deviceId);
    this.#sender = this.#createSender();
    this.#receiver = options.isListening ? this.#createReceiver() : undefined;
  }

  async run(): Promise<ExitCode> {
    this.#validateMessage();
    this.#printBanner();
    this.#writer.failed.catch(this.#ending.fail);
    this.#receiver?.finished.catch(this.#ending.fail);
    const linked = this.#link.run(this.#disconnect.signal).catch(this.#ending.fail);
    this.#sender.run().then(() => this.#ending.end("sent"), this.#ending.fail);
    const end = await this.#ending.reason;
    this.#timeout.cancel();
    this.#context.reporter.endProgress();
    this.#endReason = reasonOf(end);
    this.#reportWait();
    await this.#sender.end(end.type === "closed" ? 0 : CONFIRM_GRACE_MS);
    await this.#receiver?.stop();
    this.#disconnect.abort();
    await linked;
    return await this.#conclude(end);
  }

  #createLink(): DeviceLink {
    const { connection, isListening, timeoutMs } = this.#options;
    const listening = isListening ? {} : undefined;
    return new DeviceLink(
      { connection, isSending: true, listening },
      {
        onStart: () => this.#timeout.start(timeoutMs),
        onReady: () => this.#onReady(),
        onConnected: (established) => this.#sender.connected(established),
        onDelivery: (delivery, attempt) => this.#receiver?.add(delivery, attempt),
        onDisconnected: () => {
          this.#sender.disconnected();
          this.#receiver?.dropWaiting();
        },
      },
      this.#context,
    );
  }

  #createSender(): TelemetrySender {
    const { count, intervalMs, messageTimeoutMs } = this.#options;
    return new TelemetrySender({
      make: (index) => this.#make(index),
      count,
      intervalMs,
      messageTimeoutMs,
      room: () => this.#writer.room(),
      onEvent: (event) => this.#onEvent(event),
    });
  }

  #createReceiver(): MessageReceiver {
    const { deviceId } = this.#link;
    const sink = stdoutSink(this.#context.io.stdout);
    const format = { type: this.#context.flags.output };
    return new MessageReceiver(
      { deviceId, sink, format, settlement: "complete", count: undefined },
      this.#context,
    );
  }

  #make(n: number): Message {
    const { deviceId } = this.#link;
    return this.#makeMessage({
      n,
      deviceId,
      run: this.#run,
      nowMs: Date.now(),
    });
  }

  #validateMessage(): void {
    const { isBodyChecked, warnings } = this.#options;
    if (isBodyChecked) validateJsonBody(this.#make(0));
    for (const warning of warnings) this.#context.reporter.warn(escapeLine(warning));
  }

  #printBanner(): void {
    const { transport } = this.#options.connection.config;
    this.#context.reporter.info(
      `Simulating a device using the Azure IoT Hub Device SDK for Node.js: ${escapeLine(this.#link.deviceId)}, ${transport}`,
    );
  }

  #onReady(): void {
    const { reporter, flags } = this.#context;
    reporter.info("IoT Hub device sending periodic messages, press Ctrl-C to exit");
    if (flags.output === "json") this.#writer.write(this.#link.formatReady());
    if (this.#options.intervalMs < PROGRESS_BELOW_MS) this.#showProgress();
  }

  #showProgress(): void {
    const startMs = performance.now();
    this.#context.reporter.progress(() => {
      const { sent, failed } = this.#counter.tally;
      const elapsedMs = performance.now() - startMs;
      return formatSending({ done: sent, failed, total: this.#options.count, held: 0, elapsedMs });
    });
  }

  #onEvent(event: TelemetryEvent): void {
    this.#counter.count(event);
    switch (event.type) {
      case "sent":
        this.#failures.reportSent(event);
        break;
      case "confirmed":
        this.#print(this.#format.confirmed(event, this.#counter.tally.confirmed));
        break;
      case "unconfirmed":
        this.#print(this.#format.unconfirmed({ ...event, reason: this.#reasonFor(event) }));
        break;
      case "throttled":
        this.#failures.reportThrottled(event);
        break;
      case "failed":
        this.#failures.reportFailure(event);
        this.#ending.end("refused");
        break;
    }
  }

  #reportWait(): void {
    const { openCount } = this.#sender;
    if (openCount === 0) return;
    const wait = formatDuration(CONFIRM_GRACE_MS);
    this.#context.reporter.info(
      `Waiting up to ${wait} for ${formatCount(openCount, "message")} in flight; press Ctrl-C again to exit now`,
    );
  }

  #reasonFor({ reason }: Extract<TelemetryEvent, { type: "unconfirmed" }>): string {
    return reason === "MessageTimeout" ? reason : this.#endReason;
  }

  #print(text: string): void {
    const { io, reporter } = this.#context;
    if (io.stdout.isTTY) reporter.hideProgress();
    this.#writer.write(text);
  }

  async #conclude(end: SendingEnd): Promise<ExitCode> {
    const { interruption, reporter } = this.#context;
    const error = end.type === "failed" ? end.error : undefined;
    if (end.type === "closed" || error instanceof OutputClosedError) return EXIT_CODES.done;
    // Output errors are reported with the summary.
    const isReported = error === undefined || error instanceof OutputError;
    const errorCode = isReported ? EXIT_CODES.done : reporter.error(error);
    const { tally } = this.#counter;
    const summary = this.#format.summary(tally, Math.round(performance.now() - this.#startMs));
    const outputCode = await writeSummary(summary, this.#writer, reporter, WRITE_GRACE_MS);
    if (errorCode || outputCode) return outputCode || errorCode;
    const how = end.type === "timeout" ? "timeout" : (interruption.cause ?? "satisfied");
    const exitCode = exitCodeOfTelemetry(tally, how, this.#options.count);
    if (exitCode === EXIT_CODES.timeout) this.#reportTimeout(how);
    return exitCode;
  }

  #reportTimeout(end: RunEnd): void {
    const { count, messageTimeoutMs, timeoutMs = 0 } = this.#options;
    const { confirmed } = this.#counter.tally;
    const [flag, ms] =
      end === "timeout" ? ["--timeout", timeoutMs] : ["--message-timeout", messageTimeoutMs];
    this.#context.reporter.report({
      code: EXIT_CODES.timeout,
      name: "Timeout",
      message: `${confirmed} of ${formatCount(count ?? 0, "message")} confirmed within ${flag} (${formatDuration(ms)})`,
      hint: `Run again with --verbose to see the state of the connection, or raise ${flag}.`,
    });
  }
}

function reasonOf(end: SendingEnd): string {
  switch (end.type) {
    case "timeout":
      return "Timeout";
    case "refused":
      return "Refused";
    case "failed":
      return end.error instanceof Error ? end.error.name : "Error";
    default:
      return "Interrupted";
  }
}
