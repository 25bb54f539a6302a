import type { Command } from "commander";
import { loadHubHome } from "../local/hub-home.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  type CommonFlags,
  formatExamples,
} from "../program/common-options.ts";
import type { Act } from "../program/run-program.ts";

export function addStatus(program: Command, act: Act): void {
  const command = program
    .command("status")
    .description(
      "Show the running local hub. Exits with 5 if none is running or it does not respond.",
    )
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub status", "show its address, ports and CA certificate"],
        ["c2d-hub status -o json | jq -r .caFile", "print the path of its CA certificate"],
      ]),
    );
  addDotenv(addConnectTimeout(addCommonOptions(command)));
  act<CommonFlags & { readonly connectTimeout: number }>(command, async (flags, context) => {
    const { home } = loadHubHome(flags, context.io);
    const { runStatus } = await import("./status.ts");
    return await runStatus(home, flags.connectTimeout, context);
  });
}
