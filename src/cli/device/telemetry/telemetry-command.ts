import { type Command, Option } from "commander";
import {
  addBodyOptions,
  addPropertyOptions,
  addSystemPropertyOptions,
  PLACEHOLDER_LIST,
} from "../../message/message-options.ts";
import { parseCount, parseDurationArgument } from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addSettingOptions,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { addConnectionOptions } from "../connection-options.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";
import { DEFAULT_BODY } from "./telemetry-options.ts";

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_MESSAGE_TIMEOUT_MS = 10_000;

const ABOUT = `
Placeholders: ids, properties and the default body may contain
  ${PLACEHOLDER_LIST}. n counts from 0; run is new in each
  run. In --data they are filled in only with --template. The default body is
  ${DEFAULT_BODY}

Confirmation: a message is confirmed once the hub has stored it (PUBACK over
  mqtt, accepted over amqp, 204 over http). A message that is not confirmed
  within --message-timeout is reported as unconfirmed and not sent again; a
  confirmation that arrives later is reported as late. With --count, the exit
  code is 0 if every message was confirmed, 124 if one was not, and 6 as soon as
  the hub refuses one. Ctrl-C waits up to 2 s for messages in flight, and lists
  those left unconfirmed.

Lost connection: the command reconnects for as long as it takes, and messages
  wait until --message-timeout. A message in flight is sent again, because the
  hub may not have it: it is marked as repeated and keeps its message id.
  Confirmed messages are never sent again.

The real device with this id is disconnected while the command is connected. Its
messages stay queued, unless --listen prints and completes them.
`;

const EXAMPLES = formatExamples([
  ["c2d-device telemetry --local", "send a wind speed to the local hub every 30 s"],
  ["c2d-device telemetry --count 1 --timeout 30s", "send one message, as a smoke test"],
  ["c2d-device telemetry -c 1000 --interval 0 -o json", "send as fast as the hub confirms"],
  [
    "c2d-device telemetry --data '{\"n\":{{n}}}' --template --listen",
    "send a custom body, and receive messages as well",
  ],
]);

export function addTelemetry(program: Command, act: Act): void {
  const command = program
    .command("telemetry")
    .description("Send device-to-cloud messages and print each confirmation.");
  addRunOptions(command.optionsGroup("Sending:"));
  addBodyOptions(command.optionsGroup("Body:"), "a wind speed, see below");
  addSystemPropertyOptions(command.optionsGroup("Message:"));
  addPropertyOptions(command);
  addConnectionOptions(command.optionsGroup("Hub:"));
  addSettingOptions(command, "c2d-device");
  addCommonOptions(command.optionsGroup("Output:")).addHelpText("after", ABOUT + EXAMPLES);
  act<TelemetryFlags>(command, async (flags, context) => {
    const { telemetry } = await import("./telemetry.ts");
    return await telemetry(flags, context);
  });
}

function addRunOptions(command: Command): void {
  command
    .option("-c, --count <n>", "exit after n messages (default: never)", parseCount)
    .addOption(
      new Option(
        "--interval <duration>",
        "time between messages; 0 sends as fast as the hub confirms",
      )
        .argParser(parseDurationArgument)
        .default(DEFAULT_INTERVAL_MS, "30s"),
    )
    .addOption(
      new Option(
        "--message-timeout <duration>",
        "maximum wait for the confirmation of a message; 0 waits forever",
      )
        .argParser(parseDurationArgument)
        .default(DEFAULT_MESSAGE_TIMEOUT_MS, "10s"),
    )
    .option(
      "--timeout <duration>",
      "exit after this duration, with 124 if --count was not reached (default: never)",
      parseDurationArgument,
    )
    .option("--listen", "also print and complete cloud-to-device messages");
}
