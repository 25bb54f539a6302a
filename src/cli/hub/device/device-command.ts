/** The commands `c2d-hub device …`: the hub's identity registry. */

import { type Command, Option } from "commander";
import { loadDeviceOfHubConfig, loadHubConfig } from "../../../config/hub-config.ts";
import { configInputs, formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { AUTH_METHODS } from "../registry/auth-method.ts";
import type { CreateFlags, RegistryFlags, ShowFlags } from "../registry/device-flags.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { addRegistryOptions } from "../registry/registry-options.ts";
import { toDeviceRequest } from "./create-options.ts";

const COMMANDS = [addCreate, addShow, addList, addDelete] as const;

export function addDevice(program: Command, act: Act): void {
  const device = program
    .command("device")
    .description("Create, show, list and delete the hub's devices.")
    .addHelpText(
      "after",
      formatExamples([
        ["c2d-hub device create -d device2 --write-env", "a device, and a .env to listen as it"],
        ["c2d-hub device list --local", "the devices of the local hub"],
        ["c2d-hub device delete -d device2", "and its messages with it"],
      ]),
    );
  for (const add of COMMANDS) add(device, act);
  device.exitOverride((error) => {
    if (error.code !== "commander.help") throw error;
    const names = device.commands.map((command) => command.name()).join(", ");
    throw new UsageError(
      "a command is missing behind device",
      `One of: ${names}. See c2d-hub device --help.`,
    );
  });
}

function addCreate(device: Command, act: Act): void {
  const command = device
    .command("create")
    .description("Register a device, and print it as the hub has it.")
    .addOption(deviceIdOption("the device to create"))
    .option("--if-not-exists", "show the device if it is there already, instead of failing")
    .addOption(
      new Option("--auth-method <method>", "how the device signs in")
        .choices(AUTH_METHODS)
        .default(undefined, AUTH_METHODS[0]),
    )
    .option("--primary-key <key>", "use this key: 16 to 64 bytes in base64")
    .option("--secondary-key <key>", "the second one")
    .option("--primary-thumbprint <hex>", "SHA-1 or SHA-256 of the device's certificate")
    .option("--secondary-thumbprint <hex>", "of the one that is to follow it")
    .addOption(
      new Option("--status <status>", "whether it may connect")
        .choices(["enabled", "disabled"])
        .default(undefined, "enabled"),
    )
    .option("--edge-enabled", "make it an IoT Edge device (isManaged)")
    .option("--show-keys", SHOW_KEYS_HELP)
    .option(
      "--write-env [file]",
      "write what c2d-device needs to be this device into a file of variables, mode 0600 (default: .env)",
    );
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT_CREATE +
      formatExamples([
        ["c2d-hub device create --local -d device2", "on the local hub"],
        ["c2d-hub device create -d device2 --write-env && c2d-device listen", "and listen as it"],
        [
          "c2d-hub device create -d device2 --show-keys -o json | jq -r .connectionString",
          "for another program",
        ],
        [
          "c2d-hub device create -d device3 --auth-method x509_thumbprint --primary-thumbprint 5F…",
          "a device with a certificate",
        ],
      ]),
  );
  act<CreateFlags>(command, async (flags, context) => {
    context.redactor.learn(
      [flags.primaryKey, flags.secondaryKey].filter((key) => key !== undefined),
    );
    const request = toDeviceRequest(flags);
    const config = loadDeviceOfHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runCreate } = await import("./create.ts");
    return await runCreate({ flags, request, config }, context);
  });
}

const SHOW_KEYS_HELP = "print keys and connection string whole";

const ABOUT_CREATE = `
--write-env keeps the file's other lines, and comments out what would contradict. For a device of the
local hub (--local) it writes C2D_LOCAL=1 and the device's name: nothing that grows stale when the
hub comes back on another port. For any other it writes the connection string. Where a device with a
certificate has its files, is left to fill in.
`;

function addShow(device: Command, act: Act): void {
  const command = device
    .command("show")
    .description("Print a device as the hub has it.")
    .addOption(deviceIdOption("the device to show"))
    .option("--show-keys", SHOW_KEYS_HELP);
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device show -d device1", "connected or not, and how many messages wait for it"],
      ["c2d-hub device show -d device1 -o json | jq .cloudToDeviceMessageCount", "their number"],
      [
        "c2d-hub device show -d device1 --show-keys -o json | jq -r .connectionString",
        "its connection string",
      ],
    ]),
  );
  act<ShowFlags>(command, async (flags, context) => {
    const config = loadDeviceOfHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runShow } = await import("./show.ts");
    return await runShow(flags, config, context);
  });
}

function addList(device: Command, act: Act): void {
  const command = device
    .command("list")
    .description("List the devices of the hub, up to 1000, without their keys.");
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device list --local", "the devices of the local hub"],
      [
        "c2d-hub device list -o json | jq -r 'select(.connectionState == \"Connected\").deviceId'",
        "those that are connected",
      ],
    ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const config = loadHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runList } = await import("./list.ts");
    return await runList(flags, config, context);
  });
}

function addDelete(device: Command, act: Act): void {
  const command = device
    .command("delete")
    .description("Delete a device with the messages it has waiting, and print what it was.")
    .addOption(deviceIdOption("the device to delete"));
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device delete -d device2", "nothing asks again"],
      ["c2d-hub device delete --local -d device2", "of the local hub"],
    ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const config = loadDeviceOfHubConfig(configInputs("c2d-hub", flags, context.io));
    context.redactor.learn(config.secrets);
    const { runDelete } = await import("./delete.ts");
    return await runDelete(flags, config, context);
  });
}
