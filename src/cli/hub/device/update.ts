import { loadDeviceOfHubConfig } from "../../../config/hub-config.ts";
import { loadConfig } from "../../program/load-config.ts";
import type { Context } from "../../program/run-program.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { EXIT_CODES, type ExitCode } from "../../terminal/exit-code.ts";
import type { UpdateFlags } from "../registry/device-flags.ts";
import { withRegistry } from "../registry/registry-session.ts";
import { learnKeys } from "./present-device.ts";
import { formatDeviceJson, formatDeviceText } from "./render-device.ts";
import { toDeviceChange } from "./update-options.ts";

export async function updateDevice(flags: UpdateFlags, context: Context): Promise<ExitCode> {
  const keys = [flags.primaryKey, flags.secondaryKey].filter((key) => key !== undefined);
  context.redactor.learn(keys);
  const change = toDeviceChange(flags);
  const config = loadConfig(loadDeviceOfHubConfig, "c2d-hub", flags, context);
  const { deviceId, from } = config.device;
  return await withRegistry(config, flags.connectTimeout, context, async ({ registry }) => {
    context.reporter.info(escapeLine(`Updating the device ${deviceId} (${from}) ...`));
    const device = await registry.update(deviceId, change);
    learnKeys(device, context);
    await context.io.stdout.write(
      flags.output === "json" ? formatDeviceJson(device) : formatDeviceText("UpdateDevice", device),
    );
    if (flags.primaryKey !== undefined || (flags.regenerateKey ?? "secondary") !== "secondary") {
      context.reporter.info(
        "The device needs its new connection string: c2d-hub device connection-string prints it.",
      );
    }
    return EXIT_CODES.done;
  });
}
