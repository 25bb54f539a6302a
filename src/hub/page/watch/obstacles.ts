import type { DeviceIdentity } from "../../../core/device-identity.ts";
import type { PageServices } from "../page-services.ts";
import type { Obstacle, ObstacleView } from "../page-types.ts";

export const OBSTACLES: Readonly<Record<Obstacle, ObstacleView>> = {
  disabled: { label: "Disabled: the hub refuses messages to it.", isRefusal: true },
  queueFull: { label: "Its queue is full: the hub refuses more messages.", isRefusal: true },
  notConnected: {
    label: "Not connected: the message waits in its queue until it is.",
    isRefusal: false,
  },
};

export function obstacleOf(
  { deviceId, status }: DeviceIdentity,
  { cloudToDevice, connections }: Pick<PageServices, "cloudToDevice" | "connections">,
): Obstacle | undefined {
  if (status === "disabled") return "disabled";
  if (!cloudToDevice.hasRoomFor(deviceId)) return "queueFull";
  return connections.isConnected(deviceId) ? undefined : "notConnected";
}
