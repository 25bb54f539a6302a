import type { Command } from "commander";
import { parseCount, parseDurationArgument } from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addSettingOptions,
  formatExamples,
} from "../../program/common-options.ts";
import { addFormatOption, describeTemplate } from "../../program/format-options.ts";
import type { Act } from "../../program/run-program.ts";
import { FEEDBACK_KEYS } from "../../text/feedback-text.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import type { MonitorFeedbackFlags } from "./monitor-feedback-flags.ts";

const ABOUT = `
A hub has one feedback queue, and each record goes to one reader. Printed
records are consumed: other readers, such as c2d-send --wait, do not get them.
Records come in batches, which are settled as a whole. A batch that also has
records you did not ask for, because of -d, --wait-on-msg or --count, is held
during the run and returned to the queue on exit, printed records included.
--peek returns every batch. The hub delivers a batch up to ten times, and to a
reader that holds it once a minute, so keep such runs short.

With --wait-on-msg, the exit code is 7 if the status is not Success.
`;

export function addMonitorFeedback(program: Command, act: Act): void {
  const command = program
    .command("monitor-feedback")
    .description("Print feedback records.")
    .addOption(deviceIdOption("print only records of this device"))
    .option("--wait-on-msg <id>", "print only the record of this message, then exit")
    .option("-c, --count <n>", "exit after n records (default: never)", parseCount)
    .option(
      "--timeout <duration>",
      "exit after this duration, with 124 if --count or --wait-on-msg was not reached (default: never)",
      parseDurationArgument,
    )
    .option("--peek", "return the records to the queue on exit");
  addFormatOption(command, "record");
  addSettingOptions(command, "c2d-hub", ["deviceId", "eventHubConnectionString"]);
  addConnectTimeout(command);
  addCommonOptions(command).addHelpText(
    "after",
    ABOUT +
      describeTemplate(FEEDBACK_KEYS) +
      formatExamples([
        ["c2d-hub monitor-feedback --local", "print records of all devices until Ctrl-C"],
        [
          "c2d-hub monitor-feedback -d device1 --count 1 --timeout 60s",
          "wait for the next record of a device",
        ],
        [
          "c2d-hub monitor-feedback --format '{{originalMessageId}}\\t{{statusCode}}'",
          "print id and status of each message, separated by a tab",
        ],
        [
          "c2d-hub monitor-feedback --wait-on-msg order-17 --timeout 5m && echo done",
          "wait for the record of one message, in a script",
        ],
      ]),
  );
  act<MonitorFeedbackFlags>(command, async (flags, context) => {
    const { monitorFeedback } = await import("./monitor-feedback.ts");
    return await monitorFeedback(flags, context);
  });
}
