import { HubError } from "../../core/hub-error.ts";
import { parseBulk, runBulk, toBulkReply } from "./bulk.ts";
import {
  type DeviceActivity,
  parseDeviceRequest,
  toDeviceJson,
  toDeviceReply,
} from "./device-json.ts";
import { findActivity } from "./find-activity.ts";
import { NO_CONTENT } from "./http-reply.ts";
import { DEVICE_PATH, type Route, type RouteServices } from "./route.ts";

/** Devices in one list (registry API: top is 1 to 1000). */
const MAX_LISTED = 1000;

export function registryRoutes(services: RouteServices): Route[] {
  const { registry } = services;
  const activityOf = (deviceId: string): DeviceActivity => findActivity(deviceId, services);
  return [
    {
      method: "GET",
      path: "/devices",
      permissions: ["RegistryRead"],
      handle: ({ query }) => ({
        status: 200,
        body: registry
          .list()
          .slice(0, parseTop(query.top))
          .map((device) => toDeviceJson(device, activityOf(device.deviceId))),
      }),
    },
    {
      method: "GET",
      path: DEVICE_PATH,
      permissions: ["RegistryRead"],
      handle: ({ deviceId }) => toDeviceReply(registry.get(deviceId), activityOf(deviceId)),
    },
    {
      method: "PUT",
      path: DEVICE_PATH,
      permissions: ["RegistryWrite"],
      async handle({ deviceId, headers, body }) {
        const request = parseDeviceRequest(body, deviceId);
        const ifMatch = headers["if-match"];
        const device =
          ifMatch === undefined
            ? await registry.create(deviceId, request)
            : await registry.update(deviceId, request, ifMatch);
        return toDeviceReply(device, activityOf(deviceId));
      },
    },
    {
      method: "DELETE",
      path: DEVICE_PATH,
      permissions: ["RegistryWrite"],
      async handle({ deviceId, headers }) {
        const ifMatch = headers["if-match"];
        if (ifMatch === undefined) throw new HubError("PreconditionFailed", "If-Match is missing.");
        await registry.delete(deviceId, ifMatch);
        return NO_CONTENT;
      },
    },
    {
      method: "POST",
      path: "/devices",
      permissions: ["RegistryWrite"],
      handle: async ({ body }) => toBulkReply(await runBulk(parseBulk(body), registry)),
    },
    {
      method: "GET",
      path: "/statistics/devices",
      permissions: ["RegistryRead"],
      handle() {
        const devices = registry.list();
        const enabled = devices.filter(({ status }) => status === "enabled").length;
        const total = devices.length;
        return {
          status: 200,
          body: {
            totalDeviceCount: total,
            enabledDeviceCount: enabled,
            disabledDeviceCount: total - enabled,
          },
        };
      },
    },
    {
      method: "GET",
      path: "/statistics/service",
      permissions: ["RegistryRead"],
      handle: () => ({ status: 200, body: { connectedDeviceCount: services.connections.count } }),
    },
  ];
}

function parseTop(top: string | undefined): number {
  if (top === undefined) return MAX_LISTED;
  if (/^\d+$/.test(top) && Number(top) >= 1 && Number(top) <= MAX_LISTED) return Number(top);
  throw new HubError("ArgumentInvalid", `top must be 1 to ${MAX_LISTED}.`);
}
