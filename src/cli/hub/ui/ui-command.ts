import type { Command } from "commander";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import type { UiFlags } from "./ui.ts";

const ABOUT = `
The address has a key: who has it can see and change everything in the hub. It
stays valid when the hub is restarted. The page can be opened from this machine
only; from another one, forward its port: ssh -L 8880:127.0.0.1:8880 <host>
`;

export function addUi(program: Command, act: Act): void {
  const command = program
    .command("ui")
    .description("Open the page of the running local hub in the browser, and print its address.")
    .option("--no-open", "only print the address");
  addDotenv(addConnectTimeout(addCommonOptions(command))).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub ui", "watch the running local hub in the browser"],
        ["c2d-hub ui --no-open", "only print the address, to open it by hand"],
        ["c2d-hub ui --no-open -o json | jq -r .url", "print it for a script"],
      ]),
  );
  act<UiFlags>(command, async (flags, context) => {
    const { ui } = await import("./ui.ts");
    return await ui(flags, context);
  });
}
