import type { RegisteredDevice } from "../../../client/registry/registered-device.ts";
import type { Context } from "../../program/run-program.ts";
import type { ShowFlags } from "../registry/device-flags.ts";
import type { DeviceFacingHub } from "../registry/registry-session.ts";
import { type Access, formatDeviceJson, formatDeviceText } from "./render-device.ts";

/** @param title Heading of the text form, as in the tutorial: `CreateDevice`. */
export async function presentDevice(
  title: string,
  device: RegisteredDevice,
  { hostName }: DeviceFacingHub,
  { showKeys, output }: ShowFlags,
  { io, reporter }: Context,
): Promise<void> {
  const access: Access = { hostName, keys: showKeys ? "shown" : "hidden" };
  await io.stdout.write(
    output === "json" ? formatDeviceJson(device, access) : formatDeviceText(title, device, access),
  );
  if (!showKeys && device.authentication?.primaryKey !== undefined) {
    reporter.info("Keys are hidden: --show-keys prints them.");
  }
}

export function learnKeys(
  { authentication }: RegisteredDevice,
  { redactor }: Pick<Context, "redactor">,
): void {
  const keys = [authentication?.primaryKey, authentication?.secondaryKey];
  redactor.learn(keys.flatMap((key) => (key === undefined ? [] : [key.reveal()])));
}
