/** The executable `c2d-hub`. */

import { type Command, InvalidArgumentError, Option } from "commander";
import {
  collectDeviceId,
  collectHostName,
  parseCount,
  parseDurationArgument,
  parsePositiveDuration,
} from "../argument-parsers.ts";
import {
  addCommonOptions,
  addEnvFile,
  type CommonFlags,
  formatExamples,
} from "../common-options.ts";
import { SettingOption } from "../help.ts";
import { type Act, runProgram } from "../run-program.ts";
import { UsageError } from "../usage-error.ts";
import type { EnvFormat } from "./env.ts";
import { loadHubHome } from "./hub-home.ts";
import type { StartFlags } from "./start-flags.ts";

export async function main(): Promise<void> {
  await runProgram("c2d-hub", (program, act) => {
    program.description("A local IoT hub on this machine, for Azure's own SDKs in any language.");
    program.addHelpText(
      "after",
      formatExamples([
        ["c2d-hub start", "run a local hub in this terminal"],
        ["c2d-hub start --port 0 --in-memory -o json", "on any free port, forgetting everything"],
        ['eval "$(c2d-hub env)"', "point the SDKs in this shell at it"],
      ]),
    );
    addStart(program, act);
    addStop(program, act);
    addStatus(program, act);
    addEnv(program, act);
  });
}

function addStart(program: Command, act: Act): void {
  const command = program
    .command("start")
    .description("Run the local hub until Ctrl-C.")
    .option("--port <n>", "one port instead of 8883, 5671 and 443; 0 is any free one", parsePort)
    .addOption(new Option("--host <addr>", "address to listen on").default(undefined, "127.0.0.1"))
    .option("--host-name <alias>", "further name of the hub (repeatable)", collectHostName)
    .option("--device <id>", "create this device if it is missing (repeatable)", collectDeviceId)
    .option("--in-memory", "keep devices and messages in memory only")
    .addOption(
      new Option("--default-ttl <duration>", "life of a message")
        .argParser(parsePositiveDuration)
        .default(undefined, "1h"),
    )
    .addOption(
      new Option("--max-delivery-count <n>", "deliveries after which a message is given up")
        .argParser(parseCount)
        .default(undefined, "10"),
    )
    .addOption(
      new Option("--lock-timeout <duration>", "time a device has to settle a message")
        .argParser(parsePositiveDuration)
        .default(undefined, "60s"),
    )
    .addOption(
      new Option("--queue-depth <n>", "messages a device may have waiting")
        .argParser(parseCount)
        .default(undefined, "50"),
    )
    .addOption(
      new Option("--feedback-interval <duration>", "time feedback is gathered for; 15s on Azure")
        .argParser(parsePositiveDuration)
        .default(undefined, "1s"),
    )
    .addOption(
      new Option("--idle-exit <duration>", "end once no client has been connected for so long")
        .argParser(parseDurationArgument)
        .default(undefined, "never"),
    )
    .addOption(new Option("--background").hideHelp())
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub start", "on the standard ports, keeping its state"],
        ["c2d-hub start --device device1 --device device2", "with two devices"],
        ["c2d-hub start --port 0 --in-memory -o json", "on any free port, for a script"],
      ]),
    );
  addEnvFile(addCommonOptions(command));
  act<StartFlags>(command, async (flags, context) => {
    const { home } = loadHubHome(flags, context.io);
    const { runStart } = await import("./start.ts");
    return await runStart(flags, home, context);
  });
}

function addStop(program: Command, act: Act): void {
  const command = program
    .command("stop")
    .description("End the local hub, wherever it was started.")
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub stop", "end the hub of this user"],
        ["C2D_HOME=/tmp/hub c2d-hub stop", "end the hub of another home"],
      ]),
    );
  addEnvFile(addCommonOptions(command));
  act(command, async (flags, context) => {
    const { home } = loadHubHome(flags as object, context.io);
    const { runStop } = await import("./stop.ts");
    return await runStop(home, context);
  });
}

function addStatus(program: Command, act: Act): void {
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
  addEnvFile(addCommonOptions(command));
  act(command, async (flags, context) => {
    const { home } = loadHubHome(flags as object, context.io);
    const { runStatus } = await import("./status.ts");
    return await runStatus(home, context);
  });
}

interface EnvFlags extends CommonFlags {
  readonly format?: EnvFormat;
}

function addEnv(program: Command, act: Act): void {
  const command = program
    .command("env")
    .description("Print the variables that point any SDK at the local hub, keys included.")
    .addOption(deviceIdOption())
    .addOption(
      new Option("--format <format>", "sh for eval, dotenv for .env, or json")
        .choices(["sh", "dotenv", "json"])
        .default(undefined, "sh"),
    )
    .addHelpText(
      "after",
      formatExamples([
        ['eval "$(c2d-hub env)"', "for the programs of this shell"],
        ["c2d-hub env --device-id device2 --format dotenv > .env", "for a project"],
        ["c2d-hub env --format json", "for a script"],
      ]),
    );
  addEnvFile(addCommonOptions(command));
  act<EnvFlags>(command, async (flags, context) => {
    if (flags.output === "json" && flags.format !== undefined) {
      throw new UsageError("-o json and --format both give a form", "Keep one of the two.");
    }
    const home = loadHubHome(flags, context.io);
    const { runEnv } = await import("./env.ts");
    return await runEnv(home, flags.format ?? "sh", context);
  });
}

function deviceIdOption(): Option {
  const option = new SettingOption("-d, --device-id <id>", "device, created if missing");
  option.variable = "IOTHUB_DEVICE_ID";
  return option.default(undefined, "device1");
}

function parsePort(text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new InvalidArgumentError("It must be a number from 0 to 65535.");
}
