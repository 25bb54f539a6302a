import { type Command, Option } from "commander";
import {
  collect,
  parseConsumerGroup,
  parseCount,
  parseDurationArgument,
} from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  formatExamples,
} from "../../program/common-options.ts";
import { addFormatOption, addRawOptions, describeTemplate } from "../../program/format-options.ts";
import type { Act } from "../../program/run-program.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { parseEnqueuedTime } from "./enqueued-time.ts";
import { EVENT_KEYS } from "./event-record.ts";
import type { MonitorEventsFlags } from "./monitor-events-flags.ts";

const DEFAULT_CONSUMER_GROUP = "$Default";

const ABOUT = `
After a lost connection the command reconnects, and continues after the last
event it printed. With -o json, bodyEncoding is "json" if the content type is
JSON and the body parses, else "utf8" if it is valid UTF-8, else "base64".
`;

export function addMonitorEvents(program: Command, act: Act): void {
  const command = program
    .command("monitor-events")
    .description("Print device-to-cloud events as they arrive.")
    .addOption(deviceIdOption("print only events of this device; * is a wildcard, \\* a plain *"))
    .option(
      "-p, --property <name=value>",
      "print only events with this application property (repeatable; all must match)",
      collect,
    )
    .addOption(
      new Option("--cg, --consumer-group <name>", "consumer group to read with")
        .argParser(parseConsumerGroup)
        .default(DEFAULT_CONSUMER_GROUP),
    )
    .addOption(
      new Option(
        "--et, --enqueued-time <time>",
        "also print events since this time: epoch ms, ISO 8601, or an age such as 10m",
      )
        .argParser(parseEnqueuedTime)
        .default(undefined, "new events only"),
    )
    .option("-c, --count <n>", "exit after n events (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration, with 124 if --count was not reached (default: never)",
      parseDurationArgument,
    );
  addFormatOption(command, "event");
  addRawOptions(command);
  addConnectTimeout(command);
  addSettingOptions(command, "c2d-hub", ["deviceId"]);
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      describeTemplate(EVENT_KEYS) +
      formatExamples([
        ["c2d-hub monitor-events --local", "print new events of the local hub"],
        [
          "c2d-hub monitor-events -d device1 --enqueued-time 10m",
          "print events of one device since 10 minutes ago",
        ],
        [
          "c2d-hub monitor-events -d 'line1-*' --property level=alarm",
          "print the alarms of several devices",
        ],
        [
          "c2d-hub monitor-events --format '{{enqueuedTimeUtc}} {{deviceId}} {{body}}'",
          "print one line per event",
        ],
        [
          `c2d-hub monitor-events -o json | jq -c 'select(.type == "event").body'`,
          "process events with jq",
        ],
        ["c2d-hub monitor-events --count 1 --timeout 30s", "wait for one event, at most 30 s"],
      ]),
  );
  act<MonitorEventsFlags>(command, async (flags, context) => {
    const { monitorEvents } = await import("./monitor-events.ts");
    return await monitorEvents(flags, context);
  });
}
