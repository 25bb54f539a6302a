import type { Command } from "commander";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { QueueFlags } from "./queue.ts";

const ABOUT = `
A message that was delivered, but not settled yet, is invisible until its lock
ends. Looking changes nothing: no message is delivered or locked by it. Azure
offers only the number of messages: c2d-hub device show.
`;

export function addQueue(program: Command, act: Act): void {
  const command = program
    .command("queue")
    .description("Show the queued messages of the running local hub.")
    .option("-d, --device-id <id>", "show only messages of this device (default: of all)")
    .option("--bodies", "show the bodies as well");
  addDotenv(addConnectTimeout(addCommonOptions(command))).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub queue", "show what waits, for all devices"],
        ["c2d-hub queue -d device1 --bodies", "show the messages of a device with their bodies"],
        [
          "c2d-hub queue -o json | jq 'select(.state == \"invisible\")'",
          "print the messages that are delivered, but not settled",
        ],
      ]),
  );
  act<QueueFlags>(command, async (flags, context) => {
    const { queue } = await import("./queue.ts");
    return await queue(flags, context);
  });
}
