/** `c2d-send`: sends the messages, and with `--wait` learns what became of them. */

import type { FeedbackBatch } from "../../client/service-connection.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import { formatDuration } from "../duration.ts";
import { escapeLine } from "../escape.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { requireJsonBody } from "../message/json-body.ts";
import { makeRunId } from "../message/make-message.ts";
import { OutputClosedError } from "../output.ts";
import { RunConnection } from "../run-connection.ts";
import type { Context } from "../run-program.ts";
import { runDryRun } from "./dry-run.ts";
import type { MessageSource } from "./message-source.ts";
import { PlannedMessages } from "./planned-messages.ts";
import { RecordedMessages } from "./recorded-messages.ts";
import { requireMessageId } from "./require-message-id.ts";
import type { RunOptions, SendOptions } from "./send-options.ts";
import { SendRun } from "./send-run.ts";
import { exitCodeOfRun, type WaitEnd } from "./tally.ts";

/** The messages that the command line describes. */
export async function sendPlanned(
  options: SendOptions,
  runOptions: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<ExitCode> {
  const source = new PlannedMessages(options, config.deviceIds, makeRunId());
  const message = source.sample();
  if (options.isBodyChecked) requireJsonBody(message);
  if (runOptions.isWaiting) requireMessageId(message);
  for (const warning of options.warnings) context.reporter.warn(escapeLine(warning));
  return await runSend(runOptions, source, config, context);
}

/** The messages of `--from`. */
export async function sendRecorded(
  path: string,
  runOptions: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<ExitCode> {
  const { ack, isWaiting } = runOptions;
  const { deviceIds } = config;
  const source = new RecordedMessages({ path, deviceIds, ack, isWaiting }, context);
  return await runSend(runOptions, source, config, context);
}

async function runSend(
  options: RunOptions,
  source: MessageSource,
  config: ServiceConfig,
  context: Context,
): Promise<ExitCode> {
  if (options.isDryRun) return await runDryRun(source, context);
  const run = new SendRun(options, source, context);
  try {
    const end = await sendAll(run, options, config, context);
    await presentEnd(run, end, options, context);
    return exitCodeOfRun(run.tally, end, options.ack);
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    const { cause } = context.interruption;
    // Whatever fails once the end was asked for, failed because of that.
    const code = cause ? EXIT_CODES[cause] : context.reporter.error(error);
    run.giveUp();
    run.printPending("no feedback so far");
    await run.printSummary();
    return run.tally.failed > 0 && code >= EXIT_CODES.SIGINT ? EXIT_CODES.refused : code;
  }
}

async function sendAll(
  run: SendRun,
  { isWaiting, connectTimeoutMs }: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<WaitEnd> {
  const onFeedback = isWaiting ? (batch: FeedbackBatch) => run.onFeedbackBatch(batch) : undefined;
  const connection = new RunConnection(
    {
      config,
      deviceIds: config.deviceIds,
      connectTimeoutMs,
      retriesUntil: "until --timeout",
      onFeedback,
    },
    context,
  );
  try {
    await run.sendAll(await connection.open());
    return await waitForFeedback(run, connection);
  } finally {
    context.reporter.endProgress();
    run.releaseForeignFeedback();
    await connection.close();
  }
}

async function waitForFeedback(run: SendRun, connection: RunConnection): Promise<WaitEnd> {
  const end = new AbortController();
  const keeping = connection.keepOpen(end.signal).catch((error: unknown) => run.fail(error));
  try {
    return await run.waitForFeedback();
  } finally {
    end.abort();
    await keeping;
  }
}

async function presentEnd(
  run: SendRun,
  end: WaitEnd,
  options: RunOptions,
  { reporter }: Context,
): Promise<void> {
  const waited = formatDuration(options.timeoutMs);
  const isNegative = options.ack === "negative";
  const which = isNegative ? "no negative feedback" : "no feedback";
  run.printPending(end === "timeout" ? `${which} within ${waited}` : `${which} so far`);
  await run.printSummary();
  const { pending, negative, failed } = run.tally;
  if (end !== "timeout" || pending === 0) return;
  const message = `${which} for ${pending} of the messages within ${waited}`;
  if (isNegative) {
    reporter.info(`No${message.slice(2)}: --ack negative ends with 0.`);
  } else if (failed > 0 || negative > 0) {
    reporter.warn(message);
  } else {
    const hint =
      "Feedback comes once a device has settled the message: is one listening? Or raise --timeout.";
    reporter.report({ code: EXIT_CODES.timeout, name: "Timeout", message, hint });
  }
}
