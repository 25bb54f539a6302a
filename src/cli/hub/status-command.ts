import type { Command } from "commander";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  formatExamples,
} from "../program/common-options.ts";
import type { Act } from "../program/run-program.ts";
import type { StatusFlags } from "./status.ts";

export function addStatus(program: Command, act: Act): void {
  const command = program
    .command("status")
    .description(
      "Show the running local hub. Exits with 5 if none is running or it does not respond.",
    )
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub status", "show its address, its clients and what waits in it"],
        ["c2d-hub status -o json | jq -r .caFile", "print the path of its CA certificate"],
      ]),
    );
  addDotenv(addConnectTimeout(addCommonOptions(command)));
  act<StatusFlags>(command, async (flags, context) => {
    const { status } = await import("./status.ts");
    return await status(flags, context);
  });
}
