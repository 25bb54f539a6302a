/** The command `c2d-device telemetry`. */

import { type Command, Option } from "commander";
import { loadDeviceConfig } from "../../../config/device-config.ts";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../../core/limits.ts";
import { bodySourceOf } from "../../message/body-source.ts";
import {
  addBodyOptions,
  addPropertyOptions,
  addSystemPropertyOptions,
  PLACEHOLDER_LIST,
} from "../../message/message-options.ts";
import { readBody, type SizeLimit } from "../../message/read-body.ts";
import { parseCount, parseDurationArgument } from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addSettingOptions,
  configInputs,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { addConnectionOptions } from "../connection-options.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";
import { DEFAULT_BODY, toTelemetryOptions } from "./telemetry-options.ts";

const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_MESSAGE_TIMEOUT_MS = 10_000;

const SIZE_LIMIT: SizeLimit = {
  direction: "device-to-cloud",
  maxBytes: MAX_DEVICE_TO_CLOUD_BYTES,
};

const ABOUT = `
Templates: ids, properties and the default body may hold
  ${PLACEHOLDER_LIST}. n counts from 0; run is new each run.
  A body given by --data has them filled in only with --template.

Confirmation: a message is confirmed once the hub has stored it: PUBACK over
  mqtt, accepted over amqp, 204 over http. One that is not within
  --message-timeout is reported as unconfirmed and not sent any more; should its
  confirmation come after all, it is reported as late. --count ends with 0 when
  every message was confirmed, with 124 when one was not, and with 6 as soon as
  the hub refuses one, as it would the next. Ctrl-C waits 2 s for what is on its
  way, and lists what is then unconfirmed.

Lost connection: it is reopened for as long as it takes, and messages wait
  for it until --message-timeout. One that was on its way is sent again, for the
  hub may not have it: it is marked as repeated, and has its message id still.
  What was confirmed is never sent again.

While it is connected, the real device of that id is not; its messages stay
  with the hub, unless --listen prints and completes them.
`;

const EXAMPLES = formatExamples([
  ["c2d-device telemetry --local", "a wind speed every 30 s, to the local hub"],
  ["c2d-device telemetry --count 1 --timeout 30s", "one message, for a smoke test"],
  ["c2d-device telemetry -c 1000 --interval 0 -o json", "as fast as the hub confirms"],
  ["c2d-device telemetry --data '{\"n\":{{n}}}' --template --listen", "a custom body"],
]);

export function addTelemetry(program: Command, act: Act): void {
  const command = program
    .command("telemetry")
    .description("Send device-to-cloud messages and print each confirmation.");
  addRunOptions(command.optionsGroup("Sending:"));
  addBodyOptions(command.optionsGroup("Body:"), DEFAULT_BODY);
  addSystemPropertyOptions(command.optionsGroup("Message:"));
  addPropertyOptions(command);
  addConnectionOptions(command.optionsGroup("Hub:"));
  addSettingOptions(command, "c2d-device");
  addCommonOptions(command.optionsGroup("Output:")).addHelpText("after", ABOUT + EXAMPLES);
  act<TelemetryFlags>(command, async (flags, context) => {
    const { io, redactor, interruption } = context;
    const source = bodySourceOf(flags);
    const config = loadDeviceConfig(configInputs("c2d-device", flags, io));
    redactor.learn(config.secrets);
    const isTemplate = flags.template === true;
    const body = await readBody(source, isTemplate, SIZE_LIMIT, io, interruption.signal);
    const options = toTelemetryOptions(flags, body, config);
    const { runTelemetry } = await import("./telemetry.ts");
    return await runTelemetry(options, context);
  });
}

function addRunOptions(command: Command): void {
  command
    .option("-c, --count <n>", "exit after n messages (default: never)", parseCount)
    .addOption(
      new Option("--interval <duration>", "time between messages; 0: as fast as they are confirmed")
        .argParser(parseDurationArgument)
        .default(DEFAULT_INTERVAL_MS, "30s"),
    )
    .addOption(
      new Option(
        "--message-timeout <duration>",
        "how long a message waits for its confirmation; 0 is unbounded",
      )
        .argParser(parseDurationArgument)
        .default(DEFAULT_MESSAGE_TIMEOUT_MS, "10s"),
    )
    .option(
      "--timeout <duration>",
      "exit after this duration; with 124 if --count was not reached (default: never)",
      parseDurationArgument,
    )
    .option("--listen", "print and complete cloud-to-device messages beside");
}
