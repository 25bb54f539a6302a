import { type Command, Option } from "commander";
import { HUB_OPTION_RANGES } from "../../../core/hub-options.ts";
import {
  collect,
  collectConsumerGroup,
  collectDeviceId,
  collectHostName,
  durationIn,
  parseDurationArgument,
  wholeNumberIn,
} from "../../program/argument-parsers.ts";
import { addCommonOptions, addDotenv, formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { StartFlags } from "./start-flags.ts";

export function addStart(program: Command, act: Act): void {
  const command = program
    .command("start")
    .description("Run the local hub until Ctrl-C.")
    .option(
      "--port <n>",
      "listen on this port instead of 8883, 5671 and 443; 0 for any free port",
      wholeNumberIn(HUB_OPTION_RANGES.port),
    )
    .addOption(new Option("--host <addr>", "address to listen on").default(undefined, "127.0.0.1"))
    .addOption(
      new Option(
        "--ui-port <n>",
        "port of the page instead of 8880, on 127.0.0.1 only; 0 for any free port",
      ).argParser(wholeNumberIn(HUB_OPTION_RANGES.uiPort)),
    )
    .addOption(new Option("--no-ui", "serve no page").conflicts("uiPort"))
    .option("--host-name <alias>", "additional name of the hub (repeatable)", collectHostName)
    .option(
      "--device <id>",
      "create this device if it does not exist (repeatable)",
      collectDeviceId,
    )
    .option(
      "--device-ca <file>",
      "CA certificate (PEM) whose X.509 devices may connect (repeatable)",
      collect,
    )
    .option(
      "--consumer-group <name>",
      "consumer group for events, in addition to $Default (repeatable)",
      collectConsumerGroup,
    )
    .option("--in-memory", "keep devices and messages in memory only")
    .addOption(
      new Option("--default-ttl <duration>", "default time to live of a message")
        .argParser(durationIn(HUB_OPTION_RANGES.defaultTtlMs))
        .default(undefined, "1h"),
    )
    .addOption(
      new Option("--max-delivery-count <n>", "deliveries after which a message is dead-lettered")
        .argParser(wholeNumberIn(HUB_OPTION_RANGES.maxDeliveryCount))
        .default(undefined, "10"),
    )
    .addOption(
      new Option("--lock-timeout <duration>", "time a device has to settle a message")
        .argParser(durationIn(HUB_OPTION_RANGES.lockTimeoutMs))
        .default(undefined, "60s"),
    )
    .addOption(
      new Option("--queue-depth <n>", "maximum queued messages per device")
        .argParser(wholeNumberIn(HUB_OPTION_RANGES.queueDepth))
        .default(undefined, "50"),
    )
    .addOption(
      new Option(
        "--feedback-interval <duration>",
        "time to collect feedback into a batch; 15s on Azure",
      )
        .argParser(durationIn(HUB_OPTION_RANGES.feedbackIntervalMs))
        .default(undefined, "1s"),
    )
    .addOption(
      new Option(
        "--idle-exit <duration>",
        "stop once no client has been connected for this duration",
      )
        .argParser(parseDurationArgument)
        .default(undefined, "never"),
    )
    .addOption(new Option("--background").hideHelp())
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub start", "run on the standard ports, and keep the state"],
        ["c2d-hub start --device device1 --device device2", "create two devices"],
        ["c2d-hub start --port 0 --in-memory -o json", "run on any free port, for a script"],
      ]),
    );
  addDotenv(addCommonOptions(command));
  act<StartFlags>(command, async (flags, context) => {
    const { start } = await import("./start.ts");
    return await start(flags, context);
  });
}
