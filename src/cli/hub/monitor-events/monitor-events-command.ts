/** The command `c2d-hub monitor-events`. */

import { type Command, Option } from "commander";
import { loadEventsConfig } from "../../../config/hub-config.ts";
import {
  parseConsumerGroup,
  parseCount,
  parseDurationArgument,
} from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  configInputs,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { parseEnqueuedTime } from "./enqueued-time.ts";
import type { MonitorEventsFlags } from "./monitor-events-flags.ts";

const DEFAULT_CONSUMER_GROUP = "$Default";

const ABOUT = `
Shows events of all devices, or with -d of one. A lost connection is reopened
and goes on after the last event shown. With -o json a body is "json" when its
content type says so and it parses, else "utf8" when it is UTF-8, else "base64".
`;

export function addMonitorEvents(program: Command, act: Act): void {
  const command = program
    .command("monitor-events")
    .description("Print device-to-cloud events as they arrive.")
    .addOption(deviceIdOption("only the events of this device"))
    .addOption(
      new Option("--cg, --consumer-group <name>", "whose view of the events to read")
        .argParser(parseConsumerGroup)
        .default(DEFAULT_CONSUMER_GROUP),
    )
    .addOption(
      new Option(
        "--et, --enqueued-time <time>",
        "show those enqueued since then, too: epoch ms, ISO 8601, or so long ago, such as 10m",
      )
        .argParser(parseEnqueuedTime)
        .default(undefined, "new ones only"),
    )
    .option("-c, --count <n>", "exit after n events (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration; with 124 if --count was not reached (default: never)",
      parseDurationArgument,
    );
  addConnectTimeout(command);
  addSettingOptions(command, "c2d-hub", ["deviceId"]);
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub monitor-events --local", "the events of the local hub, from now on"],
        ["c2d-hub monitor-events -d device1 --enqueued-time 10m", "one device's, of 10 minutes"],
        [
          `c2d-hub monitor-events -o json | jq -c 'select(.type == "event").body'`,
          "only the bodies",
        ],
        ["c2d-hub monitor-events --count 1 --timeout 30s", "one event, or 124 after 30 s"],
      ]),
  );
  act<MonitorEventsFlags>(command, async (flags, context) => {
    const config = loadEventsConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runMonitorEvents } = await import("./monitor-events.ts");
    return await runMonitorEvents(flags, config, context);
  });
}
