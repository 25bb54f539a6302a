import { formatDuration } from "../../async/format-duration.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import type { FeedbackBatch } from "../../client/service/service-connection.ts";
import type { ConfigInputs } from "../../config/load-settings.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import { loadServiceConfig } from "../../config/service-config.ts";
import { HubError } from "../../core/hub-error.ts";
import { MAX_CLOUD_TO_DEVICE_BYTES } from "../../core/limits.ts";
import type { Message } from "../../core/message.ts";
import { RunConnection } from "../local/run-connection.ts";
import { bodySourceOf } from "../message/body-source.ts";
import { validateJsonBody } from "../message/json-body.ts";
import { makeRunId } from "../message/make-message.ts";
import type { BodyPlan } from "../message/message-plan.ts";
import { readBody, type SizeLimit } from "../message/read-body.ts";
import { loadConfig } from "../program/load-config.ts";
import { exitCodeOfSending, type RunEnd } from "../program/run-exit-code.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { OutputClosedError, OutputError } from "../terminal/output.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { formatCount } from "../text/count.ts";
import { readDeviceFile } from "./device-file.ts";
import { runDryRun } from "./dry-run.ts";
import { LineMessages } from "./lines/line-messages.ts";
import { toLineOptions, validateLines } from "./lines/line-options.ts";
import { oversizeError, oversizeOf, rejectAll, rejectOversize } from "./messages/message-size.ts";
import type { MessageSource } from "./messages/message-source.ts";
import { PlannedMessages } from "./messages/planned-messages.ts";
import { openRecord } from "./recorded/open-record.ts";
import { RecordedMessages } from "./recorded/recorded-messages.ts";
import type { SendFlags } from "./send-flags.ts";
import {
  type RunOptions,
  type SendOptions,
  toRunOptions,
  toSendOptions,
  validateFrom,
} from "./send-options.ts";
import { SendRun } from "./send-run.ts";

/** How long an interrupted run waits for the hub's outstanding answers. */
const ANSWER_GRACE_MS = 2000;

const SIZE_LIMIT: SizeLimit = {
  direction: "cloud-to-device",
  maxBytes: MAX_CLOUD_TO_DEVICE_BYTES,
};

/** Replaces a body that is too large to read. */
const NO_BODY: BodyPlan = { type: "bytes", bytes: new Uint8Array() };

export async function send(flags: SendFlags, context: Context): Promise<ExitCode> {
  const { io, interruption } = context;
  if (flags.lines) validateLines(flags);
  else if (flags.from !== undefined) validateFrom(flags);
  // To the rest, the lines are one body from stdin.
  const source = bodySourceOf(flags.lines ? { ...flags, data: "-" } : flags);
  const run = toRunOptions(flags);
  const deviceIds = [...(flags.deviceId ?? []), ...readDeviceFile(flags.deviceFile, io.directory)];
  const load = (inputs: ConfigInputs) => loadServiceConfig(inputs, deviceIds);
  const config = loadConfig(load, "c2d-send", flags, context);
  if (flags.from !== undefined) return await sendRecorded(flags.from, run, config, context);
  if (flags.lines) return await sendLines(flags, run, config, context);
  const isTemplate = flags.template === true;
  let isOversize = false;
  const body = await readBody(source, isTemplate, SIZE_LIMIT, io, interruption.signal).catch(
    (error: unknown) => {
      if (!(error instanceof HubError)) throw error;
      isOversize = true;
      return NO_BODY;
    },
  );
  const options = toSendOptions(flags, body, Date.now());
  return await sendPlanned(options, run, config, context, isOversize);
}

/** @param isOversize Whether the body was too large to read. */
export async function sendPlanned(
  options: SendOptions,
  runOptions: RunOptions,
  config: ServiceConfig,
  context: Context,
  isOversize = false,
): Promise<ExitCode> {
  const source = new PlannedMessages(options, config.deviceIds, makeRunId());
  const message = source.sample();
  const refusal = isOversize ? oversizeError() : oversizeOf(message);
  if (options.isBodyChecked && !refusal) validateJsonBody(message);
  if (runOptions.isWaiting) validateMessageId(message);
  for (const warning of options.warnings) context.reporter.warn(escapeLine(warning));
  return await runSend(runOptions, source, config, context, refusal);
}

/** Feedback is matched by device and message id. */
function validateMessageId({ system }: Message): void {
  if (system.messageId) return;
  throw new UsageError(
    "--wait needs a message id to match feedback with",
    "Omit --message-id, or give it a value.",
  );
}

export async function sendRecorded(
  path: string,
  runOptions: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<ExitCode> {
  const { ack, isWaiting } = runOptions;
  const { deviceIds } = config;
  const input = await openRecord(path, context.io);
  try {
    const source = new RecordedMessages({ input, deviceIds, ack, isWaiting }, context);
    return await runSend(runOptions, source, config, context);
  } finally {
    input.stream.destroy();
  }
}

async function sendLines(
  flags: SendFlags,
  runOptions: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<ExitCode> {
  const { io, interruption, reporter } = context;
  const { deviceIds } = config;
  const options = toLineOptions(flags, Date.now());
  for (const warning of options.warnings) reporter.warn(escapeLine(warning));
  const { stdin: stream } = io;
  if (stream.isTTY) reporter.info("Each line is sent as a message; Ctrl-D ends the input.");
  const input = { stream, deviceIds, run: makeRunId(), signal: interruption.signal };
  try {
    return await runSend(runOptions, new LineMessages(options, input), config, context);
  } finally {
    stream.destroy();
  }
}

async function runSend(
  options: RunOptions,
  source: MessageSource,
  config: ServiceConfig,
  context: Context,
  refusal?: ClientError,
): Promise<ExitCode> {
  if (options.isDryRun) return await runDryRun(source, context, refusal);
  const run = new SendRun(options, source, context);
  try {
    const end = refusal
      ? await refuseAll(run, refusal, context)
      : await sendAll(run, options, config, context);
    presentEnd(run, end, options, context);
    const outputCode = await run.printSummary();
    return outputCode || exitCodeOfSending(run.tally, end, options.ack);
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    const code = codeOfFailure(error, run, options, context);
    run.printPending("no feedback so far");
    const outputCode = await run.printSummary();
    return outputCode || code;
  }
}

/** After an interruption, errors are its consequence. The summary reports output errors. */
function codeOfFailure(
  error: unknown,
  run: SendRun,
  { ack }: RunOptions,
  { interruption, reporter }: Context,
): ExitCode {
  const { cause } = interruption;
  if (!cause) return error instanceof OutputError ? EXIT_CODES.done : reporter.error(error);
  return exitCodeOfSending({ failed: run.refusedCount, negative: run.tally.negative }, cause, ack);
}

async function refuseAll(run: SendRun, refusal: ClientError, context: Context): Promise<RunEnd> {
  try {
    await run.sendAll(rejectAll(refusal));
    return "satisfied";
  } finally {
    context.reporter.endProgress();
  }
}

async function sendAll(
  run: SendRun,
  { isWaiting, connectTimeoutMs, timeoutMs }: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<RunEnd> {
  const onFeedback = isWaiting ? (batch: FeedbackBatch) => run.onFeedbackBatch(batch) : undefined;
  const connection = new RunConnection(
    {
      config,
      deviceIds: config.deviceIds,
      connectTimeoutMs,
      retriesUntil: timeoutMs === 0 ? "for as long as it takes" : "until --timeout",
      ...(run.isEndless && { retriesForMs: timeoutMs }),
      onFeedback,
    },
    context,
  );
  const stopWaiting = afterInterruption(context, ANSWER_GRACE_MS, () => connection.close());
  try {
    const opened = await connection.open();
    if (!run.isEndless) await run.sendAll(rejectOversize(opened));
    return await whileKeptOpen(connection, run, context, async () => {
      if (run.isEndless) await run.sendAll(rejectOversize(connection));
      return await run.waitForFeedback();
    });
  } finally {
    stopWaiting();
    context.reporter.endProgress();
    run.releaseForeignFeedback();
    await connection.close();
  }
}

function afterInterruption(
  { interruption: { signal } }: Context,
  delayMs: number,
  task: () => Promise<void>,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  const start = (): void => {
    timer = setTimeout(() => void task(), delayMs);
  };
  if (signal.aborted) start();
  else signal.addEventListener("abort", start, { once: true });
  return () => {
    signal.removeEventListener("abort", start);
    clearTimeout(timer);
  };
}

async function whileKeptOpen<T>(
  connection: RunConnection,
  run: SendRun,
  { interruption }: Context,
  task: () => Promise<T>,
): Promise<T> {
  const end = new AbortController();
  const keeping = connection
    .keepOpen(AbortSignal.any([end.signal, interruption.signal]))
    .catch((error: unknown) => run.fail(error))
    .finally(() => connection.stopWaiting());
  try {
    return await task();
  } finally {
    end.abort();
    await keeping;
  }
}

function presentEnd(run: SendRun, end: RunEnd, options: RunOptions, { reporter }: Context): void {
  const waited = formatDuration(options.timeoutMs);
  const isNegative = options.ack === "negative";
  const which = isNegative ? "no negative feedback" : "no feedback";
  run.printPending(end === "timeout" ? `${which} within ${waited}` : `${which} so far`);
  const { pending, negative, failed } = run.tally;
  if (end !== "timeout" || pending === 0) return;
  const message = `${which} for ${formatCount(pending, "message")} within ${waited}`;
  if (isNegative) {
    reporter.info(`No${message.slice(2)}: with --ack negative, that is success.`);
  } else if (failed > 0 || negative > 0) {
    reporter.warn(message);
  } else {
    const hint =
      "Feedback arrives once a device settles the message: is one listening? Or raise --timeout.";
    reporter.report({ code: EXIT_CODES.timeout, name: "Timeout", message, hint });
  }
}
