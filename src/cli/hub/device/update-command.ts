import { type Command, Option } from "commander";
import { formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { UpdateFlags } from "../registry/device-flags.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { addRegistryOptions } from "../registry/registry-options.ts";

export function addUpdate(device: Command, act: Act): void {
  const command = device
    .command("update")
    .description("Change the status or the keys of a device, and print it.")
    .addOption(deviceIdOption("device to update"))
    .addOption(
      new Option("--status <status>", "whether the device may connect").choices([
        "enabled",
        "disabled",
      ]),
    )
    .option("--primary-key <key>", "new primary key, 16 to 64 bytes in base64")
    .option("--secondary-key <key>", "new secondary key")
    .addOption(
      new Option("--regenerate-key <which>", "generate new keys, or swap the two").choices([
        "primary",
        "secondary",
        "both",
        "swap",
      ]),
    );
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        [
          "c2d-hub device update -d device2 --status disabled",
          "disconnect a device, and refuse it",
        ],
        [
          "c2d-hub device update -d device1 --regenerate-key swap",
          "make the secondary key the primary one",
        ],
        ["c2d-hub device update --local -d device1 --regenerate-key both", "replace both keys"],
      ]),
  );
  act<UpdateFlags>(command, async (flags, context) => {
    const { updateDevice } = await import("./update.ts");
    return await updateDevice(flags, context);
  });
}

const ABOUT = `
Omitted values are unchanged. If the device is changed at the same time, the
command reads it again and tries once more; if that happens again, it exits with
6 and has changed nothing.

To change the key of a running device: regenerate the secondary key, swap the
two, give the device its new connection string, and regenerate the secondary key
again, which invalidates the old key.
`;
