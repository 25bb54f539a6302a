import type { ConfigInputs } from "../../config/load-settings.ts";
import type { ServiceConfig } from "../../config/service-config.ts";
import { loadServiceConfig } from "../../config/service-config.ts";
import { HubError } from "../../core/hub-error.ts";
import { MAX_CLOUD_TO_DEVICE_BYTES } from "../../core/limits.ts";
import type { Message } from "../../core/message.ts";
import { bodySourceOf } from "../message/body-source.ts";
import { validateJsonBody } from "../message/json-body.ts";
import { makeRunId } from "../message/make-message.ts";
import type { BodyPlan } from "../message/message-plan.ts";
import { readBody, type SizeLimit } from "../message/read-body.ts";
import { loadConfig } from "../program/load-config.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import type { ExitCode } from "../terminal/exit-code.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { readDeviceFile } from "./device-file.ts";
import { LineMessages, unreadableLines } from "./lines/line-messages.ts";
import { toLineOptions, validateLines } from "./lines/line-options.ts";
import { oversizeError, oversizeOf } from "./messages/message-size.ts";
import { PlannedMessages } from "./messages/planned-messages.ts";
import { openRecord } from "./recorded/open-record.ts";
import { RecordedMessages } from "./recorded/recorded-messages.ts";
import { runSend } from "./run-send.ts";
import type { SendFlags } from "./send-flags.ts";
import {
  type RunOptions,
  type SendOptions,
  toRunOptions,
  toSendOptions,
  validateFrom,
} from "./send-options.ts";

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
  // Before a hub is started for it.
  if (stream.errored) throw unreadableLines(stream.errored);
  if (stream.isTTY) reporter.info("Each line is sent as a message; Ctrl-D ends the input.");
  const input = { stream, deviceIds, run: makeRunId(), signal: interruption.signal };
  try {
    return await runSend(runOptions, new LineMessages(options, input), config, context);
  } finally {
    stream.destroy();
  }
}
