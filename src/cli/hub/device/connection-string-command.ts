import type { Command } from "commander";
import { formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { RegistryFlags } from "../registry/device-flags.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { addRegistryOptions } from "../registry/registry-options.ts";

export function addConnectionString(device: Command, act: Act): void {
  const command = device
    .command("connection-string")
    .description("Print the connection string of a device, with its primary key.")
    .addOption(deviceIdOption("device whose connection string to print"));
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device connection-string -d device1", "print it, for another program"],
      ["CS=$(c2d-hub device connection-string --local -d device1)", "keep it in a variable"],
    ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const { printConnectionString } = await import("./connection-string.ts");
    return await printConnectionString(flags, context);
  });
}
