import type { Command } from "commander";
import { DEVICE_IDS_COMMAND } from "../program/completion/completion-model.ts";
import type { Act } from "../program/run-program.ts";

/** Hidden: the completion scripts run it, with the words typed so far. */
export function addDeviceIds(program: Command, act: Act): void {
  const command = program.command(DEVICE_IDS_COMMAND, { hidden: true }).argument("[words...]");
  act(command, async (_flags, context) => {
    const { printDeviceIds } = await import("./device-ids.ts");
    return await printDeviceIds(command.args, context);
  });
}
