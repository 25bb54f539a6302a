import { type Command, Option } from "commander";
import { ACKS } from "../../core/message.ts";
import { addDeviceIds } from "../device-ids/device-ids-command.ts";
import {
  addBodyOptions,
  addPropertyOptions,
  addSystemPropertyOptions,
  PLACEHOLDER_LIST,
} from "../message/message-options.ts";
import { collect, parseCount, parseDurationArgument } from "../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  formatExamples,
} from "../program/common-options.ts";
import { SettingOption } from "../program/help.ts";
import { runAsProcess } from "../program/host.ts";
import { type Program, runProgram } from "../program/run-program.ts";
import type { SendFlags } from "./send-flags.ts";
import { DEFAULT_BODY } from "./send-options.ts";

const DEFAULT_TIMEOUT_MS = 60_000;

export const program: Program = {
  name: "c2d-send",
  build(program, act) {
    program.description("Send cloud-to-device messages, and wait for their feedback if asked to.");
    addTargetOptions(program.optionsGroup("Target:"));
    addBodyOptions(program.optionsGroup("Body:"), DEFAULT_BODY, "--data or --lines");
    program.option("--lines", "send each line of stdin as a message, as it comes");
    program.option(
      "--from <file>",
      "resend messages printed by c2d-device listen -o json, unchanged; - reads stdin (needs -d)",
    );
    addSystemPropertyOptions(program.optionsGroup("Message:"));
    addExpiryOption(program);
    addPropertyOptions(program);
    addRunOptions(program.optionsGroup("Sending:"));
    addFeedbackOptions(program.optionsGroup("Feedback:"));
    program.optionsGroup("Hub:");
    addSettingOptions(program, "c2d-send", ["deviceId"]);
    addConnectTimeout(program);
    addCommonOptions(program.optionsGroup("Output:"));
    program.addHelpText("after", ABOUT + EXAMPLES);
    addDeviceIds(program, act);
    act<SendFlags>(program, async (flags, context) => {
      const { send } = await import("./send.ts");
      return await send(flags, context);
    });
  },
};

export async function main(): Promise<void> {
  await runAsProcess((host) => runProgram(program, host));
}

const ABOUT = `
Placeholders: ids, properties and the default body may contain
  ${PLACEHOLDER_LIST}. n counts from 0 over all devices; run is
  new in each run. In --data and lines they are filled in only with --template.

Feedback: with --wait, the exit code is 0 if every message got the feedback that
  --ack requests, 7 if a record is negative, and 124 if records are missing at
  --timeout; the messages without a record are listed. --ack positive requests
  no negative records, so a failed message leads to 124. --ack negative waits
  until --timeout, and no record by then is 0. Azure sends feedback in batches,
  up to 15 s late. Records of other senders' messages are returned to the hub.

Lost connection: while waiting for feedback, the command reconnects until
  --timeout, because the hub keeps the records. With --lines it does so while
  sending, too; otherwise it exits with 5. Nothing is sent twice: a message
  without an answer counts as failed, although the hub may have it.

Summary: the last line counts the messages that the hub accepted (sent), refused
  or did not answer (failed, each reported on stderr), and those not yet sent,
  or refused only because of a full queue, when the run ended (unsent).

Recorded messages: --from skips lines of other types, and malformed lines with
  a warning. With malformed lines and no message, it exits with 2.

Lines: --lines sends each line as it comes, in order, to each device. A trailing
  CR is removed, blank lines are skipped. A line that is too large, or not in
  --data-encoding, fails; the others are sent, and the exit code is 6. Reading
  pauses while 1,000 lines wait for a full device, or 10,000 messages for their
  feedback. If the only device does not exist, the command exits. --message-id
  must contain {{n}} or {{uuid}}.

Full queue: a device's queue holds 50 messages. A message refused because of a
  full queue or throttling is retried with increasing delays until --timeout,
  while other devices are served.

Configuration: flags take precedence over environment variables, and those over
  .env. --auth-type login uses the first credential available: AZURE_TENANT_ID,
  AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, a managed identity, az login, ...
`;

const EXAMPLES = formatExamples([
  [
    "c2d-send --local --count 2 --wait",
    "send two messages to device1 of the local hub, and wait for their feedback",
  ],
  ["c2d-send -d device1 --data '{\"on\":true}' --ct application/json", "send a custom body"],
  [
    "c2d-send -d d1 -d d2 --dfp image.png -p name=image.png --expiry 10m",
    "send a file to two devices",
  ],
  ["tail -f app.log | c2d-send --lines -d device1", "send each line as it is written"],
  [
    "c2d-device listen -o json | c2d-send --from - -d device2",
    "forward the messages of one device to another",
  ],
  [
    "c2d-send --auth-type login --hub-name h.azure-devices.net -d device1",
    "sign in with az login instead of a key",
  ],
]);

function addTargetOptions(command: Command): void {
  const deviceId = new SettingOption("-d, --device-id <id>", "device to send to (repeatable)");
  deviceId.variable = "IOTHUB_DEVICE_ID";
  command
    .addOption(
      deviceId
        .argParser(collect)
        .default(undefined, "the device of the device connection string, or device1 with --local"),
    )
    .option("--device-file <path>", "file with one device id per line");
}

function addExpiryOption(command: Command): void {
  command.addOption(
    new Option(
      "--expiry-time-utc, --expiry <time>",
      "expiry time: epoch ms, ISO 8601, or a duration such as 90s",
    ).default(undefined, "set by the hub"),
  );
}

function addRunOptions(command: Command): void {
  command
    .addOption(
      new Option("-c, --count <n>", "messages for each device")
        .argParser(parseCount)
        .default(undefined, "1"),
    )
    .addOption(
      new Option("--interval <duration>", "time between messages")
        .argParser(parseDurationArgument)
        .default(0),
    )
    .addOption(
      new Option("--on-queue-full <reaction>", "wait for room in a device's queue, or fail")
        .choices(["wait", "fail"])
        .default("wait"),
    )
    .option("--dry-run", "print the messages without sending them");
}

function addFeedbackOptions(command: Command): void {
  command
    .addOption(
      new Option("--ack <which>", "feedback to request")
        .choices(ACKS)
        .default(undefined, "none; full with --wait"),
    )
    .option("-w, --wait", "wait for the feedback of every message")
    .addOption(
      new Option(
        "--timeout <duration>",
        "maximum wait for feedback after the last message, and for a full queue after its first refusal; 0 waits forever",
      )
        .argParser(parseDurationArgument)
        .default(DEFAULT_TIMEOUT_MS, "60s"),
    );
}
