import { ClientError } from "../../../client/errors/client-error.ts";
import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import { loadDeviceOfHubConfig } from "../../../config/hub-config.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import type { RegistryFlags } from "../registry/device-flags.ts";
import { type DeviceFacingHub, withRegistry } from "../registry/registry-session.ts";
import { learnKeys } from "./present-device.ts";
import { connectionStringOf } from "./render-device.ts";

export async function printConnectionString(
  flags: RegistryFlags,
  context: Context,
): Promise<ExitCode> {
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  const { deviceId } = config.device;
  return await withRegistry(config, flags.connectTimeout, context, async ({ registry, hub }) => {
    const device = await registry.get(deviceId);
    learnKeys(device, context);
    const connectionString = requireConnectionString(device, hub, "device connection-string");
    await context.io.stdout.write(
      flags.output === "json"
        ? formatJsonLine({ type: "connectionString", deviceId, connectionString })
        : `${connectionString}\n`,
    );
    return EXIT_CODES.done;
  });
}

/** @throws ClientError ArgumentInvalid if the hub did not send the key. */
export function requireConnectionString(
  device: RegisteredDevice,
  { hostName }: DeviceFacingHub,
  what: string,
): string {
  const connectionString = connectionStringOf(device, { hostName, keys: "shown" });
  if (connectionString !== undefined) return connectionString;
  throw new ClientError("ArgumentInvalid", "The hub did not return the device's key.", {
    hint: `${what} needs a policy that can read keys, such as iothubowner.`,
  });
}
