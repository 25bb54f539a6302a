/** `c2d-send`: sends the messages, and with `--wait` learns what became of them. */

import { connectService } from "../../client/connect-service.ts";
import type { ServiceConnection } from "../../client/service-connection.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import { formatDuration } from "../duration.ts";
import { escapeLine } from "../escape.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { describeHub, resolveServiceTarget } from "../local/connect-target.ts";
import { OutputClosedError } from "../output.ts";
import type { Context } from "../run-program.ts";
import { requireJsonBody, requireMessageId } from "./check-messages.ts";
import { runDryRun } from "./dry-run.ts";
import { makeRunId } from "./make-message.ts";
import type { MessageSource } from "./message-source.ts";
import { PlannedMessages } from "./planned-messages.ts";
import { RecordedMessages } from "./recorded-messages.ts";
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
    await run.printSummary();
    reportEnd(end, run, options, context);
    return exitCodeOfRun(run.tally, end, options.ack);
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT_CODES.done;
    const { cause } = context.interruption;
    // Whatever fails once the end was asked for, failed because of that.
    const code = cause ? EXIT_CODES[cause] : context.reporter.error(error);
    run.giveUp();
    await run.printSummary();
    return run.tally.failed > 0 && code >= EXIT_CODES.SIGINT ? EXIT_CODES.refused : code;
  }
}

async function sendAll(
  run: SendRun,
  options: RunOptions,
  config: ServiceConfig,
  context: Context,
): Promise<WaitEnd> {
  const connection = await connect(run, options, config, context);
  try {
    // Attached before the first message goes, so that no record is missed.
    if (options.isWaiting) await connection.openFeedback((batch) => run.onFeedbackBatch(batch));
    await run.sendAll(connection);
    return await run.waitForFeedback();
  } finally {
    run.releaseForeignFeedback();
    await connection.close();
  }
}

async function connect(
  run: SendRun,
  { connectTimeoutMs }: RunOptions,
  { hub, deviceIds, transport, ca }: ServiceConfig,
  context: Context,
): Promise<ServiceConnection> {
  const { signal } = context.interruption;
  const targetOptions = { ca, connectTimeoutMs, signal };
  const target = await resolveServiceTarget(hub, deviceIds, targetOptions, context);
  context.reporter.info(describeHub(target.connectionString.hostName, hub));
  return await connectService({
    signIn: target.connectionString,
    transport,
    connectTimeoutMs,
    signal,
    ...(target.ca !== undefined && { ca: target.ca }),
    onDisconnect: (error) => run.fail(error),
  });
}

function reportEnd(end: WaitEnd, run: SendRun, options: RunOptions, { reporter }: Context): void {
  const { pending, negative, failed } = run.tally;
  if (end !== "timeout" || pending === 0) return;
  const waited = formatDuration(options.timeoutMs);
  if (options.ack === "negative") {
    reporter.info(`No negative feedback for ${pending} within ${waited}.`);
    return;
  }
  const message = `no feedback for ${pending} of the messages within ${waited}`;
  if (failed > 0 || negative > 0) {
    reporter.warn(message);
    return;
  }
  reporter.report({
    code: EXIT_CODES.timeout,
    name: "Timeout",
    message,
    hint: "Feedback comes once a device has settled the message: is one listening? Or raise --timeout.",
  });
}
