import type { DeviceActivity } from "./device-json.ts";
import type { RouteServices } from "./route.ts";

export function findActivity(
  deviceId: string,
  {
    activity,
    cloudToDevice,
    connections,
  }: Pick<RouteServices, "activity" | "cloudToDevice" | "connections">,
): DeviceActivity {
  return {
    ...activity.find(deviceId),
    isConnected: connections.isConnected(deviceId),
    cloudToDeviceMessageCount: cloudToDevice.countOf(deviceId),
  };
}
