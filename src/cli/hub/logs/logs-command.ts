import type { Command } from "commander";
import { parseDurationArgument } from "../../program/argument-parsers.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { LogsFlags } from "./logs.ts";

const ABOUT = `
The hub keeps its last events in memory, up to 16 MiB with the bodies; events
that are missing are mentioned. They are lost when it stops: hub.log keeps those
of a hub in the background for longer, without bodies. -f waits for a hub that
stops to start again, and then prints its events from the beginning.

With -o json, the lines are those of c2d-hub start -o json; --bodies adds the
body where a message arrives at the hub (enqueued, telemetry).
`;

export function addLogs(program: Command, act: Act): void {
  const command = program
    .command("logs")
    .description("Show what has happened in the running local hub, in the background as well.")
    .option("-f, --follow", "print new events as they happen, until Ctrl-C")
    .option(
      "--since <duration>",
      "print events since this long ago (default: all that are kept)",
      parseDurationArgument,
    )
    .option("--bodies", "show the bodies of messages as well");
  addDotenv(addConnectTimeout(addCommonOptions(command))).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub logs --since 10m", "show the last ten minutes"],
        ["c2d-hub logs -f --since 0 --bodies", "show only what happens from now on"],
        [
          "c2d-hub logs -o json | jq 'select(.type == \"deadLettered\")'",
          "print the messages that were not received",
        ],
      ]),
  );
  act<LogsFlags>(command, async (flags, context) => {
    const { logs } = await import("./logs.ts");
    return await logs(flags, context);
  });
}
