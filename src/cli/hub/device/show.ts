/** `c2d-hub device show`: a device as the registry has it. */

import type { HubConfig, NamedDevice } from "../../../config/hub-config.ts";
import { EXIT_CODES, type ExitCode } from "../../exit-code.ts";
import type { Context } from "../../run-program.ts";
import { withRegistry } from "../registry-session.ts";
import type { ShowFlags } from "./device-flags.ts";
import { learnKeys, presentDevice } from "./present-device.ts";

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
