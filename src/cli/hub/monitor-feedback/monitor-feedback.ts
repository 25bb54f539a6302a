import { Deadline } from "../../../async/deadline.ts";
import { createDeferred } from "../../../async/deferred.ts";
import { waitAtMost } from "../../../async/within.ts";
import { HeldFeedback } from "../../../client/service/held-feedback.ts";
import type {
  FeedbackBatch,
  ReceivedFeedback,
} from "../../../client/service/service-connection.ts";
import type { HubConfig } from "../../../config/hub-config.ts";
import { loadHubConfig } from "../../../config/hub-config.ts";
import { RunConnection } from "../../local/run-connection.ts";
import { type End, Ending, WRITE_GRACE_MS } from "../../program/ending.ts";
import { loadConfig } from "../../program/load-config.ts";
import { type OutputFormat, toOutputFormat } from "../../program/output-format.ts";
import { concludeReceiving, type ReceivingEnd } from "../../program/receiving.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { FEEDBACK_KEYS } from "../../text/feedback-text.ts";
import { createFeedbackFormat } from "./feedback-format.ts";
import type { MonitorFeedbackFlags } from "./monitor-feedback-flags.ts";

const CONSUMED = "Printed records are consumed: other readers do not get them.";

const CONSUMED_IN_BATCHES =
  "Printed records are consumed in whole batches: a batch that also contains other records is held until the end, then returned to other readers with its printed records.";

export async function monitorFeedback(
  flags: MonitorFeedbackFlags,
  context: Context,
): Promise<ExitCode> {
  const format = toOutputFormat(flags, FEEDBACK_KEYS);
  const config = loadConfig(loadHubConfig, "c2d-hub", flags, context);
  return await runMonitorFeedback(flags, format, config, context);
}

export async function runMonitorFeedback(
  flags: MonitorFeedbackFlags,
  format: OutputFormat,
  config: HubConfig,
  context: Context,
): Promise<ExitCode> {
  return await new FeedbackMonitor(flags, format, config, context).run();
}

class FeedbackMonitor {
  readonly #flags: MonitorFeedbackFlags;
  readonly #format: (record: ReceivedFeedback) => string;
  readonly #config: HubConfig;
  readonly #context: Context;
  readonly #count: number | undefined;
  readonly #held = new HeldFeedback();
  readonly #ending: Ending<ReceivingEnd>;
  readonly #timeout = new Deadline(() => this.#ending.end("timeout"));
  readonly #stop = new AbortController();
  readonly #isReady = createDeferred<void>();
  /** Batches are printed in order, after `ready`. */
  #printing: Promise<void> = this.#isReady.promise;
  #printed = 0;
  #negative = 0;
  #hasWarnedOfReturn = false;

  constructor(
    flags: MonitorFeedbackFlags,
    format: OutputFormat,
    config: HubConfig,
    context: Context,
  ) {
    this.#flags = flags;
    this.#format = createFeedbackFormat(format);
    this.#config = config;
    this.#context = context;
    this.#count = flags.count ?? (flags.waitOnMsg === undefined ? undefined : 1);
    this.#ending = new Ending(context);
  }

  async run(): Promise<ExitCode> {
    this.#timeout.start(this.#flags.timeout);
    const connection = this.#createConnection();
    const monitoring = this.#monitor(connection).catch(this.#ending.fail);
    const end = await this.#ending.reason;
    this.#timeout.cancel();
    this.#stop.abort();
    this.#isReady.resolve();
    await monitoring;
    await waitAtMost(WRITE_GRACE_MS, this.#printing);
    this.#held.release();
    await connection.close();
    return this.#conclude(end);
  }

  #createConnection(): RunConnection {
    return new RunConnection(
      {
        config: this.#config,
        deviceIds: [],
        connectTimeoutMs: this.#flags.connectTimeout,
        retriesUntil: this.#flags.timeout ? "until --timeout" : "for as long as it takes",
        onFeedback: (batch) => this.#add(batch),
      },
      this.#context,
    );
  }

  async #monitor(connection: RunConnection): Promise<void> {
    const { signal } = this.#stop;
    await connection.open(signal);
    await this.#reportReady();
    this.#isReady.resolve();
    await connection.keepOpen(signal);
  }

  async #reportReady(): Promise<void> {
    const { reporter, io, flags } = this.#context;
    const { device } = this.#config;
    const { waitOnMsg, peek } = this.#flags;
    const ofMessage = waitOnMsg === undefined ? "" : ` on message ${waitOnMsg}`;
    const ofDevice = device ? ` from ${device.deviceId} (${device.from})` : "";
    reporter.info(escapeLine(`Waiting for feedback${ofMessage}${ofDevice}, press Ctrl-C to exit`));
    if (!peek) {
      reporter.info(this.#isSelective ? CONSUMED_IN_BATCHES : CONSUMED);
    }
    if (flags.output === "json") await io.stdout.write(formatJsonLine({ type: "ready" }));
  }

  #add(batch: FeedbackBatch): void {
    this.#printing = this.#printing.then(() => this.#processBatch(batch)).catch(this.#ending.fail);
  }

  /** Completes a batch that was printed entirely; holds any other for other readers. */
  async #processBatch(batch: FeedbackBatch): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const isAgain = this.#held.has(batch);
    const selected = batch.records.filter((record) => this.#isSelected(record));
    const left = (this.#count ?? Number.POSITIVE_INFINITY) - this.#printed;
    const records = isAgain ? [] : selected.slice(0, left);
    for (const record of records) await this.#print(record);
    const isOurs = selected.length === batch.records.length && selected.length <= left;
    if (isOurs && !this.#flags.peek) {
      this.#held.complete(batch);
    } else {
      this.#held.hold(batch);
      if (isAgain) this.#warnOfReturn();
    }
    if (this.#isSatisfied) this.#ending.end("count");
  }

  get #isSelective(): boolean {
    return this.#config.device !== undefined || this.#count !== undefined;
  }

  #isSelected({ deviceId, originalMessageId }: ReceivedFeedback): boolean {
    const { device } = this.#config;
    const { waitOnMsg } = this.#flags;
    const isOfDevice = device === undefined || deviceId === device.deviceId;
    return isOfDevice && (waitOnMsg === undefined || originalMessageId === waitOnMsg);
  }

  async #print(record: ReceivedFeedback): Promise<void> {
    await this.#context.io.stdout.write(this.#format(record));
    this.#printed += 1;
    if (record.statusCode !== "Success") this.#negative += 1;
  }

  /** The lock of a held batch has expired: each redelivery counts toward its maximum. */
  #warnOfReturn(): void {
    if (this.#hasWarnedOfReturn) return;
    this.#hasWarnedOfReturn = true;
    this.#context.reporter.warn(
      "records held for other readers were delivered again; the hub drops them after ten deliveries: stop this monitor soon",
    );
  }

  get #isSatisfied(): boolean {
    return this.#count !== undefined && this.#printed >= this.#count;
  }

  #conclude(end: End<ReceivingEnd>): ExitCode {
    const isEnded = end.type === "failed" || end.type === "closed";
    const isAwaited = this.#flags.waitOnMsg !== undefined;
    if (!isEnded && isAwaited && this.#negative > 0) return EXIT_CODES.negativeFeedback;
    const received = {
      what: "feedback record",
      received: this.#printed,
      count: this.#count,
      bound: { flag: "--timeout", ms: this.#flags.timeout },
      hint: "Messages have feedback only if the sender requested it (c2d-send --ack full). Or raise --timeout.",
    };
    return concludeReceiving(end, received, this.#context);
  }
}
