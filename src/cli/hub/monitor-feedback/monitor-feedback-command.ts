/** The command `c2d-hub monitor-feedback`. */

import type { Command } from "commander";
import { loadHubConfig } from "../../../config/hub-config.ts";
import { parseCount, parseDurationArgument } from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  configInputs,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import type { MonitorFeedbackFlags } from "./monitor-feedback-flags.ts";

const ABOUT = `
A hub has one queue of feedback, and a record goes to one reader. What is printed is taken from the
queue, once it has been written out: a c2d-send --wait elsewhere does not get it any more. Records
come in batches, which are settled as a whole: a batch that holds others' records too, by -d,
--wait-on-msg or --count, is kept for the time of the run and given back at its end, with those of
it that were printed. --peek gives everything back. The hub delivers a batch ten times at most, once
a minute to who keeps it, so that a monitor which leaves records to others should be a short one.

--wait-on-msg ends with 7 when the message came to something else than Success.
`;

export function addMonitorFeedback(program: Command, act: Act): void {
  const command = program
    .command("monitor-feedback")
    .description("Print feedback records.")
    .addOption(deviceIdOption("only of this device"))
    .option("--wait-on-msg <id>", "print the record of this message alone, and end with it")
    .option("-c, --count <n>", "exit after n records (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration; with 124 if --count or --wait-on-msg was not reached (default: never)",
      parseDurationArgument,
    )
    .option("--peek", "leave the records to others: give them back at the end");
  addSettingOptions(command, "c2d-hub", ["deviceId", "eventHubConnectionString"]);
  addConnectTimeout(command);
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub monitor-feedback --local", "of every device, until Ctrl-C"],
        ["c2d-hub monitor-feedback -d device1 --count 1 --timeout 60s", "the next one of a device"],
        [
          "c2d-hub monitor-feedback --wait-on-msg order-17 --timeout 5m && echo delivered",
          "of one message, for a script",
        ],
      ]),
  );
  act<MonitorFeedbackFlags>(command, async (flags, context) => {
    const config = loadHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runMonitorFeedback } = await import("./monitor-feedback.ts");
    return await runMonitorFeedback(flags, config, context);
  });
}
