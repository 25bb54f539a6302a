/** The command `c2d-hub status`. */

import type { Command } from "commander";
import { addCommonOptions, addDotenv, formatExamples } from "../common-options.ts";
import type { Act } from "../run-program.ts";
import { loadHubHome } from "./hub-home.ts";

export function addStatus(program: Command, act: Act): void {
  const command = program
    .command("status")
    .description("Show the local hub that runs; ends with 5 when none does.")
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub status", "where it listens"],
        ["c2d-hub status -o json | jq -r .caFile", "the path of its CA certificate"],
      ]),
    );
  addDotenv(addCommonOptions(command));
  act(command, async (flags, context) => {
    const { home } = loadHubHome(flags as object, context.io);
    const { runStatus } = await import("./status.ts");
    return await runStatus(home, context);
  });
}
