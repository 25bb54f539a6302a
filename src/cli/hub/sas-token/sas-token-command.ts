import { type Command, Option } from "commander";
import { DURATION_RANGE } from "../../../core/hub-options.ts";
import { durationIn } from "../../program/argument-parsers.ts";
import { formatExamples } from "../../program/common-options.ts";
import type { Act } from "../../program/run-program.ts";
import { addRegistryOptions } from "../registry/registry-options.ts";
import type { SasTokenFlags } from "./sas-token.ts";

const DEFAULT_DURATION_MS = 3_600_000;

const ABOUT = `
Without -d: a token for the whole hub, signed with the key of the connection
  string's policy. It is computed here, without a connection.
With -d: a token for that device, signed with its primary key, which is read
  from the hub. Works with --auth-type login, too.
With --policy: signed with that policy's key, with -d limited to that device. A
  connection string has the key of one policy, so --policy must name that one;
  with --local it can be any policy of the local hub. A login has no key.

A token cannot be revoked: it is valid until it expires, or its key is changed.
IOTHUB_DEVICE_ID is ignored.
`;

export function addSasToken(program: Command, act: Act): void {
  const command = program
    .command("sas-token")
    .description("Print a SAS token for the hub, or for one device.")
    .option("-d, --device-id <id>", "make a token for this device")
    .option("--policy <name>", "sign with the key of this shared access policy")
    .addOption(
      new Option("--duration <duration>", "how long the token is valid")
        .argParser(durationIn(DURATION_RANGE))
        .default(DEFAULT_DURATION_MS, "1h"),
    );
  addRegistryOptions(command).addHelpText(
    "after",
    ABOUT +
      formatExamples([
        ["c2d-hub sas-token --local --policy service", "print a token for sending, for one hour"],
        [
          "c2d-hub sas-token -d device1 --duration 1d",
          "print one for a device, such as for c2d-device listen --sas-token",
        ],
        [
          "c2d-hub sas-token --duration 5m -o json | jq -r .expiryTimeUtc",
          "print when a token for five minutes expires",
        ],
      ]),
  );
  act<SasTokenFlags>(command, async (flags, context) => {
    const { sasToken } = await import("./sas-token.ts");
    return await sasToken(flags, context);
  });
}
