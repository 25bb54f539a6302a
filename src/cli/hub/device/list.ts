import { MAX_LISTED_DEVICES } from "../../../client/registry/registry-client.ts";
import type { HubConfig } from "../../../config/hub-config.ts";
import { loadHubConfig } from "../../../config/hub-config.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import type { RegistryFlags } from "../registry/device-flags.ts";
import { withRegistry } from "../registry/registry-session.ts";
import { formatDeviceTable } from "./device-table.ts";
import { formatDeviceJson } from "./render-device.ts";

export async function listDevices(flags: RegistryFlags, context: Context): Promise<ExitCode> {
  const config = loadConfig(loadHubConfig, "c2d-hub", flags, context);
  return await runList(flags, config, context);
}

export async function runList(
  { connectTimeout, output }: RegistryFlags,
  config: HubConfig,
  context: Context,
): Promise<ExitCode> {
  const { io, reporter } = context;
  return await withRegistry(config, connectTimeout, context, async ({ registry }) => {
    const devices = await registry.list();
    if (output === "json") {
      for (const device of devices) await io.stdout.write(formatDeviceJson(device));
    } else if (devices.length > 0) {
      await io.stdout.write(formatDeviceTable(devices));
    }
    if (devices.length === 0) reporter.info("The hub has no devices.");
    if (devices.length >= MAX_LISTED_DEVICES) {
      reporter.warn(
        `only the first ${devices.length} devices are shown: the hub lists no more at once`,
      );
    }
    return EXIT_CODES.done;
  });
}
