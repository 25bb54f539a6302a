import { type Command, Option } from "commander";
import { DEFAULT_LOCAL_DEVICE_ID } from "../../../config/settings.ts";
import {
  addCommonOptions,
  addConnectTimeout,
  addDotenv,
  formatExamples,
} from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import type { EnvFlags } from "./env.ts";
import { ENV_FORMATS } from "./env-formats.ts";

export function addEnv(program: Command, act: Act): void {
  const command = program
    .command("env")
    .description("Print environment variables that point any SDK at the local hub, including keys.")
    .addOption(
      deviceIdOption("device id; created if it does not exist").default(
        undefined,
        DEFAULT_LOCAL_DEVICE_ID,
      ),
    )
    .addOption(
      new Option(
        "--format <format>",
        "syntax of a shell (powershell: not yet tried), of .env, or JSON",
      )
        .choices(ENV_FORMATS)
        .default(undefined, "sh"),
    )
    .addHelpText(
      "after",
      formatExamples([
        ['eval "$(c2d-hub env)"', "set them in this shell"],
        ["c2d-hub env --format fish | source", "set them in fish"],
        [
          "c2d-hub env --format powershell | Out-String | Invoke-Expression",
          "set them in PowerShell",
        ],
        [
          "c2d-hub env --device-id device2 --format dotenv > .env",
          "write them to the .env of a project",
        ],
        ["c2d-hub env --format json", "print them as JSON, for a script"],
      ]),
    );
  addDotenv(addConnectTimeout(addCommonOptions(command)));
  act<EnvFlags>(command, async (flags, context) => {
    const { env } = await import("./env.ts");
    return await env(flags, context);
  });
}
