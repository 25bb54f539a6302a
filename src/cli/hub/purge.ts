import type { HubConfig, NamedDevice } from "../../config/hub-config.ts";
import { loadDeviceOfHubConfig } from "../../config/hub-config.ts";
import { loadConfig } from "../program/load-config.ts";
import type { Context } from "../program/run-program.ts";
import { escapeLine } from "../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { formatCount } from "../text/count.ts";
import type { RegistryFlags } from "./registry/device-flags.ts";
import { withRegistry } from "./registry/registry-session.ts";

export async function purge(flags: RegistryFlags, context: Context): Promise<ExitCode> {
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  return await runPurge(flags, config, context);
}

export async function runPurge(
  { connectTimeout, output }: RegistryFlags,
  config: HubConfig & { readonly device: NamedDevice },
  context: Context,
): Promise<ExitCode> {
  const { deviceId } = config.device;
  return await withRegistry(config, connectTimeout, context, async ({ registry }) => {
    const totalMessagesPurged = await registry.purge(deviceId);
    await context.io.stdout.write(
      output === "json"
        ? formatJsonLine({ type: "purge", deviceId, totalMessagesPurged })
        : `Purged ${formatCount(totalMessagesPurged, "message")} of ${escapeLine(deviceId)}.\n`,
    );
    return EXIT_CODES.done;
  });
}
