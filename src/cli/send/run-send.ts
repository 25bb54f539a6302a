import { formatDuration } from "../../async/format-duration.ts";
import type { ClientError } from "../../client/errors/client-error.ts";
import type { FeedbackBatch } from "../../client/service/service-connection.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import { RunConnection } from "../local/run-connection.ts";
import { exitCodeOfSending, type RunEnd } from "../program/run-exit-code.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { OutputClosedError, OutputError } from "../terminal/output.ts";
import { formatCount } from "../text/count.ts";
import { runDryRun } from "./dry-run.ts";
import { rejectAll, rejectOversize } from "./messages/message-size.ts";
import type { MessageSource } from "./messages/message-source.ts";
import type { RunOptions } from "./send-options.ts";
import { SendRun } from "./send-run.ts";

/** How long an interrupted run waits for the hub's outstanding answers. */
const ANSWER_GRACE_MS = 2000;

export async function runSend(
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
