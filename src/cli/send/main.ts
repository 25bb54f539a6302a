/** The executable `c2d-send`. */

import { type Command, Option } from "commander";
import { loadServiceConfig } from "../../config/service-config.ts";
import { ACKS } from "../../core/message.ts";
import { collect, parseCount, parseDurationArgument } from "../argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  configInputs,
  formatExamples,
} from "../common-options.ts";
import type { ExitCode } from "../exit-code.ts";
import { type Context, runProgram } from "../run-program.ts";
import { PLACEHOLDERS } from "../templates.ts";
import { readDeviceFile } from "./device-file.ts";
import { readBody } from "./read-body.ts";
import type { SendFlags } from "./send-flags.ts";
import {
  bodySourceOf,
  DEFAULT_BODY,
  DEFAULT_CORRELATION_ID,
  DEFAULT_MESSAGE_ID,
  requireSoundFrom,
  toRunOptions,
  toSendOptions,
} from "./send-options.ts";

const DEFAULT_TIMEOUT_MS = 60_000;

export async function main(): Promise<void> {
  await runProgram("c2d-send", (program, act) => {
    program.description("Send cloud-to-device messages, and learn what became of them.");
    addBodyOptions(program);
    addMessageOptions(program);
    addFeedbackOptions(program);
    addConnectTimeout(program);
    addSettingOptions(program, "c2d-send", ["deviceId"]);
    addCommonOptions(program).addHelpText("after", ABOUT + EXAMPLES);
    act<SendFlags>(program, send);
  });
}

const ABOUT = `
Ids, properties and the default body may hold {{${PLACEHOLDERS.join("}}, {{")}}}.
`;

const EXAMPLES = formatExamples([
  ["c2d-send --local --count 2 --wait", "two messages to device1 of the local hub, and their fate"],
  ["c2d-send -d device1 --data '{\"on\":true}' --ct application/json", "a body of one's own"],
  ["c2d-device listen -o json | c2d-send --from - -d device2", "what one device gets, for another"],
  ["c2d-send -d device1 --dfp image.png -p name=image.png --expiry 10m", "the bytes of a file"],
]);

// Of two long names commander takes the last for the key of the value.
function addBodyOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "-d, --device-id <id>",
        "device to send to (repeatable; env IOTHUB_DEVICE_ID)",
      ).argParser(collect),
    )
    .option("--device-file <path>", "file of device ids, one a line")
    .option("--da, --data <text>", `body; - reads stdin (default ${DEFAULT_BODY})`)
    .option("--dfp, --data-file-path <path>", "body: the raw bytes of this file")
    .addOption(
      new Option("--data-encoding <encoding>", "how --data is to be read (default utf8)").choices([
        "utf8",
        "hex",
        "base64",
      ]),
    )
    .option(
      "--from <file>",
      "send on what c2d-device listen -o json has printed; - reads stdin (needs -d)",
    )
    .addOption(
      new Option("-c, --count <n>", "messages for each device").argParser(parseCount).default(1),
    )
    .addOption(
      new Option("--interval <duration>", "time between messages")
        .argParser(parseDurationArgument)
        .default(0),
    );
}

function addMessageOptions(command: Command): void {
  command
    .option("--mid, --message-id <text>", `message id (default ${DEFAULT_MESSAGE_ID})`)
    .option("--cid, --correlation-id <text>", `correlation id (default ${DEFAULT_CORRELATION_ID})`)
    .option("--uid, --user-id <text>", "user id")
    .option("--ct, --content-type <type>", "content type; application/json has the body checked")
    .option("--ce, --content-encoding <encoding>", "content encoding (default utf-8 for text)")
    .option("--expiry-time-utc, --expiry <time>", "epoch ms, ISO 8601, or a span such as 90s")
    .option("-p, --property <name=value>", "application property (repeatable)", collect)
    .option("--props, --properties <list>", "application properties: a=b;c=d, with \\; for a ;")
    .option("--template", "fill in placeholders in --data, too")
    .option("--no-template", "fill in none, anywhere")
    .option("--dry-run", "print what would be sent, and send nothing");
}

function addFeedbackOptions(command: Command): void {
  command
    .addOption(
      new Option("--ack <which>", "feedback to ask for (default none; full with --wait)").choices(
        ACKS,
      ),
    )
    .option("-w, --wait", "wait for the feedback of every message")
    .addOption(
      new Option("--timeout <duration>", "for feedback, and for a full queue; 0 is unbounded")
        .argParser(parseDurationArgument)
        .default(DEFAULT_TIMEOUT_MS, "60s"),
    )
    .addOption(
      new Option("--on-queue-full <reaction>", "wait for room in a device's queue, or fail")
        .choices(["wait", "fail"])
        .default("wait"),
    );
}

async function send(flags: SendFlags, context: Context): Promise<ExitCode> {
  const { io, redactor, interruption } = context;
  if (flags.from !== undefined) requireSoundFrom(flags);
  const source = bodySourceOf(flags);
  const run = toRunOptions(flags);
  const deviceIds = [...(flags.deviceId ?? []), ...readDeviceFile(flags.deviceFile, io.directory)];
  const config = loadServiceConfig(configInputs("c2d-send", flags, io), deviceIds);
  redactor.learn(config.secrets);
  const { sendPlanned, sendRecorded } = await import("./send.ts");
  if (flags.from !== undefined) return await sendRecorded(flags.from, run, config, context);
  const body = await readBody(source, flags.template === true, io, interruption.signal);
  return await sendPlanned(toSendOptions(flags, body, Date.now()), run, config, context);
}
