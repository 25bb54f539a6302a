import type { HubConfig, NamedDevice } from "../../../config/hub-config.ts";
import { loadDeviceOfHubConfig } from "../../../config/hub-config.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import type { ShowFlags } from "../registry/device-flags.ts";
import { withRegistry } from "../registry/registry-session.ts";
import { learnKeys, presentDevice } from "./present-device.ts";

export async function showDevice(flags: ShowFlags, context: Context): Promise<ExitCode> {
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  return await runShow(flags, config, context);
}

export async function runShow(
  flags: ShowFlags,
  config: HubConfig & { readonly device: NamedDevice },
  context: Context,
): Promise<ExitCode> {
  return await withRegistry(config, flags.connectTimeout, context, async ({ registry, hub }) => {
    const device = await registry.get(config.device.deviceId);
    learnKeys(device, context);
    await presentDevice("GetDevice", device, hub, flags, context);
    return EXIT_CODES.done;
  });
}
