import { type Command, Option } from "commander";
import { formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { AUTH_METHODS } from "../registry/auth-method.ts";
import type { CreateFlags, RegistryFlags, ShowFlags } from "../registry/device-flags.ts";
import { deviceIdOption } from "../registry/device-id-option.ts";
import { addRegistryOptions } from "../registry/registry-options.ts";
import { addConnectionString } from "./connection-string-command.ts";
import { addUpdate } from "./update-command.ts";

const COMMANDS = [addCreate, addShow, addList, addUpdate, addConnectionString, addDelete] as const;

export function addDevice(program: Command, act: Act): void {
  const device = program
    .command("device")
    .description("Create, show, list, update and delete devices.")
    .addHelpText(
      "after",
      formatExamples([
        [
          "c2d-hub device create -d device2 --write-env",
          "create a device, and configure c2d-device for it",
        ],
        ["c2d-hub device list --local", "list the devices of the local hub"],
        ["c2d-hub device delete -d device2", "delete a device and its messages"],
      ]),
    );
  for (const add of COMMANDS) add(device, act);
}

function addCreate(device: Command, act: Act): void {
  const command = device
    .command("create")
    .description("Create a device, and print it.")
    .addOption(deviceIdOption("device to create"))
    .option("--if-not-exists", "print the device if it exists, instead of failing")
    .addOption(
      new Option("--auth-method <method>", "how the device authenticates")
        .choices(AUTH_METHODS)
        .default(undefined, AUTH_METHODS[0]),
    )
    .option("--primary-key <key>", "primary key, 16 to 64 bytes in base64 (default: generated)")
    .option("--secondary-key <key>", "secondary key (default: generated)")
    .option("--primary-thumbprint <hex>", "SHA-1 or SHA-256 thumbprint of the device's certificate")
    .option("--secondary-thumbprint <hex>", "thumbprint of a second certificate")
    .addOption(
      new Option("--status <status>", "whether the device may connect")
        .choices(["enabled", "disabled"])
        .default(undefined, "enabled"),
    )
    .option("--edge-enabled", "create an IoT Edge device (isManaged)")
    .option("--show-keys", SHOW_KEYS_HELP)
    .option(
      "--write-env [file]",
      "write the variables that c2d-device needs to a file, with mode 0600 (default: .env)",
    );
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT_CREATE +
      formatExamples([
        ["c2d-hub device create --local -d device2", "create a device on the local hub"],
        [
          "c2d-hub device create -d device2 --write-env && c2d-device listen",
          "create a device, and listen as it",
        ],
        [
          "c2d-hub device create -d dev2 --show-keys -o json | jq -r .connectionString",
          "print its connection string, for another program",
        ],
        [
          "c2d-hub device create -d device3 --auth-method x509_thumbprint \\\n--primary-thumbprint 5F…",
          "create a device with a self-signed certificate",
        ],
      ]),
  );
  act<CreateFlags>(command, async (flags, context) => {
    const { createDevice } = await import("./create.ts");
    return await createDevice(flags, context);
  });
}

const SHOW_KEYS_HELP = "print the keys and the full connection string";

const ABOUT_CREATE = `
--write-env keeps the other lines of the file, and comments out conflicting
ones. With --local it writes C2D_LOCAL=1 and the device id, which stay valid
when the hub uses another port. Otherwise it writes the connection string. For a
device with a certificate, fill in the paths of the certificate and its key.
`;

function addShow(device: Command, act: Act): void {
  const command = device
    .command("show")
    .description("Print a device and its state.")
    .addOption(deviceIdOption("device to print"))
    .option("--show-keys", SHOW_KEYS_HELP);
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      [
        "c2d-hub device show -d device1",
        "print its connection state, number of queued messages, ...",
      ],
      [
        "c2d-hub device show -d device1 -o json | jq .cloudToDeviceMessageCount",
        "print only the number of queued messages",
      ],
      ["c2d-hub device show -d device1 --show-keys", "print its keys and its connection string"],
    ]),
  );
  act<ShowFlags>(command, async (flags, context) => {
    const { showDevice } = await import("./show.ts");
    return await showDevice(flags, context);
  });
}

function addList(device: Command, act: Act): void {
  const command = device
    .command("list")
    .description("List up to 1000 devices, without their keys.");
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device list --local", "list the devices of the local hub"],
      [
        "c2d-hub device list -o json \\\n| jq -r 'select(.connectionState == \"Connected\").deviceId'",
        "print the ids of connected devices",
      ],
    ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const { listDevices } = await import("./list.ts");
    return await listDevices(flags, context);
  });
}

function addDelete(device: Command, act: Act): void {
  const command = device
    .command("delete")
    .description("Delete a device and its queued messages, and print the device.")
    .addOption(deviceIdOption("device to delete"));
  addRegistryOptions(command).addHelpText(
    "after",
    formatExamples([
      ["c2d-hub device delete -d device2", "delete a device, without confirmation"],
      ["c2d-hub device delete --local -d device2", "delete a device of the local hub"],
    ]),
  );
  act<RegistryFlags>(command, async (flags, context) => {
    const { deleteDevice } = await import("./delete.ts");
    return await deleteDevice(flags, context);
  });
}
