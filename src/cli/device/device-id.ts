/** Whose part is played. */

import type { DeviceConfig } from "../../config/device-config.ts";

export function deviceIdOf({ hub }: Pick<DeviceConfig, "hub">): string {
  return hub.type === "local" ? hub.deviceId : hub.connectionString.deviceId;
}
