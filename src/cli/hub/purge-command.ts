import type { Command } from "commander";
import { formatExamples } from "../program/common-options.ts";
import type { Act } from "../program/run-program.ts";
import type { RegistryFlags } from "./registry/device-flags.ts";
import { deviceIdOption } from "./registry/device-id-option.ts";
import { addRegistryOptions } from "./registry/registry-options.ts";

const ABOUT = `
Senders that requested feedback get Purged. Messages that the device has
received but not settled are purged, too.
`;

export function addPurge(program: Command, act: Act): void {
  const command = program
    .command("purge")
    .description("Delete the queued messages of a device, and print their number.")
    .addOption(deviceIdOption("device whose queue to purge"));
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub purge -d device1", "purge a queue"],
        [
          "c2d-hub purge --local -d device1 -o json | jq .totalMessagesPurged",
          "print only the number of purged messages",
        ],
      ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const { purge } = await import("./purge.ts");
    return await purge(flags, context);
  });
}
