import type { Command } from "commander";
import {
  addCommonOptions,
  addDotenv,
  type CommonFlags,
  formatExamples,
} from "../program/common-options.ts";
import type { Act } from "../program/run-program.ts";

export function addStop(program: Command, act: Act): void {
  const command = program
    .command("stop")
    .description("Stop the local hub. Commands with --local that are still running start it again.")
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub stop", "stop the hub of this user"],
        ["C2D_HOME=/tmp/hub c2d-hub stop", "stop the hub of another directory"],
      ]),
    );
  addDotenv(addCommonOptions(command));
  act<CommonFlags>(command, async (flags, context) => {
    const { stop } = await import("./stop.ts");
    return await stop(flags, context);
  });
}
