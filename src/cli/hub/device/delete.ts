import type { HubConfig, NamedDevice } from "../../../config/hub-config.ts";
import { loadDeviceOfHubConfig } from "../../../config/hub-config.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import type { RegistryFlags } from "../registry/device-flags.ts";
import { withRegistry } from "../registry/registry-session.ts";
import { formatDeviceJson, formatDeviceText } from "./render-device.ts";

export async function deleteDevice(flags: RegistryFlags, context: Context): Promise<ExitCode> {
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  return await runDelete(flags, config, context);
}

/** The registry returns no body, so what is printed is read before deleting. */
export async function runDelete(
  { connectTimeout, output }: RegistryFlags,
  config: HubConfig & { readonly device: NamedDevice },
  context: Context,
): Promise<ExitCode> {
  const { deviceId, from } = config.device;
  return await withRegistry(config, connectTimeout, context, async ({ registry }) => {
    const device = await registry.get(deviceId);
    context.reporter.info(escapeLine(`Deleting the device ${deviceId} (${from}) ...`));
    await registry.delete(deviceId);
    await context.io.stdout.write(
      output === "json" ? formatDeviceJson(device) : formatDeviceText("DeleteDevice", device),
    );
    return EXIT_CODES.done;
  });
}
