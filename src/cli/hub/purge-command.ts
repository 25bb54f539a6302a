/** The command `c2d-hub purge`. */

import type { Command } from "commander";
import { loadDeviceOfHubConfig } from "../../config/hub-config.ts";
import { configInputs, formatExamples } from "../program/common-options.ts";
import type { Act } from "../program/run-program.ts";
import type { RegistryFlags } from "./registry/device-flags.ts";
import { deviceIdOption } from "./registry/device-id-option.ts";
import { addRegistryOptions } from "./registry/registry-options.ts";

const ABOUT = `
Senders that asked for it get feedback: Purged. A message that the device holds at the moment is
purged, too.
`;

export function addPurge(program: Command, act: Act): void {
  const command = program
    .command("purge")
    .description("Delete the messages that wait for a device, and print how many there were.")
    .addOption(deviceIdOption("the device whose queue is emptied"));
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub purge -d device1", "for a queue that is full"],
        ["c2d-hub purge --local -d device1 -o json | jq .totalMessagesPurged", "their number"],
      ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const config = loadDeviceOfHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runPurge } = await import("./purge.ts");
    return await runPurge(flags, config, context);
  });
}
