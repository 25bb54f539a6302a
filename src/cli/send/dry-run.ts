import type { ClientError } from "../../client/errors/client-error.ts";
import { formatUtc } from "../../core/encodings.ts";
import type { Message } from "../../core/message.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine, escapeText } from "../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { viewBody } from "../text/body-text.ts";
import { FailureReporter } from "./failure-reporter.ts";
import { oversizeOf } from "./messages/message-size.ts";
import type { MessageSource } from "./messages/message-source.ts";
import { createRenderer } from "./render.ts";
import type { Tally } from "./tally.ts";

const NOTHING_SENT: Tally = {
  sent: 0,
  failed: 0,
  unsent: 0,
  success: 0,
  negative: 0,
  pending: 0,
  isWaiting: false,
};

interface Shown {
  readonly n: number;
  readonly deviceId: string;
  readonly message: Message;
}

export async function runDryRun(
  source: MessageSource,
  context: Context,
  refusal?: ClientError,
): Promise<ExitCode> {
  if (refusal) throw refusal;
  const { io, flags, interruption, reporter } = context;
  const isJson = flags.output === "json";
  const format = isJson ? formatJson : formatText;
  const failures = new FailureReporter(context);
  let failed = 0;
  try {
    let n = 0;
    for await (const { deviceId, make, refuse } of source.all()) {
      if (interruption.cause) break;
      const message = make();
      const error = refuse?.(message) ?? oversizeOf(message);
      if (error) {
        failed += 1;
        failures.reportFailure({ index: n, outgoing: { deviceId, message }, error });
        await reporter.room();
      } else {
        await io.stdout.write(format({ n, deviceId, message }));
      }
      n += 1;
    }
    return failed > 0 ? EXIT_CODES.refused : EXIT_CODES[interruption.cause ?? "done"];
  } finally {
    source.reportSkipped();
    const tally = { ...NOTHING_SENT, failed };
    if (isJson) await io.stdout.write(createRenderer(true).summary(tally, 0));
  }
}

/** Uses the schema of a received message, so that the same programs can read both. */
function formatJson({ n, deviceId, message }: Shown): string {
  return formatJsonLine({
    type: "message",
    n,
    deviceId,
    ...describeSystem(message.system),
    properties: message.properties,
    ...viewBody(message.body, message.system.contentType),
    bytes: message.body.length,
  });
}

function formatText({ n, deviceId, message }: Shown): string {
  const list = (entries: object): string[] =>
    Object.entries(entries).map(([name, value]) => `    ${escapeLine(`${name}: ${value}`)}`);
  const { body, bodyEncoding } = viewBody(message.body, undefined);
  return [
    `Would send message: ${n} to ${escapeLine(deviceId)}`,
    bodyEncoding === "base64" ? `    (base64) ${body}` : `    ${escapeText(String(body))}`,
    "System properties:",
    ...list(describeSystem(message.system)),
    "Application properties:",
    ...list(message.properties),
    "",
  ].join("\n");
}

function describeSystem({ expiryTimeUtcMs, ...system }: Message["system"]): object {
  return {
    ...system,
    ...(expiryTimeUtcMs !== undefined && {
      expiryTimeUtc: formatUtc(expiryTimeUtcMs),
    }),
  };
}
