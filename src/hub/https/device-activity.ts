/** What the hub knows of a device at the moment, beside its identity. */

import type { RouteServices } from "./route.ts";
import type { DeviceActivity } from "./translate.ts";

export function findActivity(
  deviceId: string,
  { cloudToDevice, connections }: Pick<RouteServices, "cloudToDevice" | "connections">,
): DeviceActivity {
  return {
    isConnected: connections.isConnected(deviceId),
    cloudToDeviceMessageCount: cloudToDevice.countOf(deviceId),
  };
}
