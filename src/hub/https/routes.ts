/** What the HTTPS front end serves: each endpoint with the permission it takes. */

import type { IncomingHttpHeaders } from "node:http";
import { formatAuthMethod, type Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Settlement } from "../../core/message-queue.ts";
import type { CloudToDevice } from "../cloud-to-device.ts";
import type { DeviceConnections } from "../connections.ts";
import type { DeviceToCloud } from "../device-to-cloud.ts";
import type { Registry } from "../registry.ts";
import { isTelemetryBatch, parseTelemetryBatch, toTelemetry } from "./telemetry.ts";
import {
  type DeviceActivity,
  type HttpReply,
  NO_CONTENT,
  parseDeviceRequest,
  parseLockTimeoutMs,
  toDeviceJson,
  toDeviceReply,
  toMessageReply,
} from "./translate.ts";

export interface HubRequest {
  /** Decoded; empty where the path has none. */
  readonly deviceId: string;
  readonly lockToken: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: IncomingHttpHeaders;
  /** Names as they came, each followed by its value. */
  readonly rawHeaders: readonly string[];
  /** Whose token it was. */
  readonly principal: Principal;
  readonly body: Uint8Array;
}

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** As the router reads it. */
  readonly path: string;
  readonly permission: Permission;
  handle(request: HubRequest): HttpReply | Promise<HttpReply>;
}

export interface RouteServices {
  readonly cloudToDevice: CloudToDevice;
  readonly connections: DeviceConnections;
  readonly deviceToCloud: DeviceToCloud;
  readonly registry: Registry;
}

const DEVICE = "/devices/:deviceId";
const DEVICEBOUND = `${DEVICE}/messages/devicebound`;

/** Devices one request may list (registry API: top is 1 to 1000). */
const MAX_LISTED = 1000;

export function createRoutes(services: RouteServices): Route[] {
  return [...registryRoutes(services), ...deviceRoutes(services), ...serviceRoutes(services)];
}

function registryRoutes(services: RouteServices): Route[] {
  const { registry } = services;
  const activityOf = (deviceId: string): DeviceActivity => ({
    isConnected: services.connections.isConnected(deviceId),
    cloudToDeviceMessageCount: services.cloudToDevice.countOf(deviceId),
  });
  return [
    {
      method: "GET",
      path: "/devices",
      permission: "RegistryRead",
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
      path: DEVICE,
      permission: "RegistryRead",
      handle: ({ deviceId }) => toDeviceReply(registry.get(deviceId), activityOf(deviceId)),
    },
    {
      method: "PUT",
      path: DEVICE,
      permission: "RegistryWrite",
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
      path: DEVICE,
      permission: "RegistryWrite",
      async handle({ deviceId, headers }) {
        const ifMatch = headers["if-match"];
        if (ifMatch === undefined) throw new HubError("PreconditionFailed", "If-Match is missing.");
        await registry.delete(deviceId, ifMatch);
        return NO_CONTENT;
      },
    },
  ];
}

/** Rule https-settle. */
function deviceRoutes({ cloudToDevice, deviceToCloud }: RouteServices): Route[] {
  const settle = async (request: HubRequest, settlement: Settlement): Promise<HttpReply> => {
    await cloudToDevice.settle(request.deviceId, request.lockToken, settlement);
    return NO_CONTENT;
  };
  return [
    {
      method: "GET",
      path: DEVICEBOUND,
      permission: "DeviceConnect",
      handle({ deviceId, headers, query }) {
        const asked = headers["iothub-messagelocktimeout"] ?? query["iothub-messagelocktimeout"];
        const delivery = cloudToDevice.take(deviceId, parseLockTimeoutMs(asked?.toString()));
        if (delivery === undefined) return NO_CONTENT;
        return toMessageReply(deviceId, delivery.entry, delivery.lockToken);
      },
    },
    {
      method: "DELETE",
      path: `${DEVICEBOUND}/:lockToken`,
      permission: "DeviceConnect",
      handle: (request) =>
        settle(request, request.query.reject === undefined ? "complete" : "reject"),
    },
    {
      method: "POST",
      path: `${DEVICEBOUND}/:lockToken/abandon`,
      permission: "DeviceConnect",
      handle: (request) => settle(request, "abandon"),
    },
    {
      method: "POST",
      path: `${DEVICE}/messages/events`,
      permission: "DeviceConnect",
      async handle({ deviceId, principal, headers, rawHeaders, body }) {
        const sender = { deviceId, authMethod: formatAuthMethod(principal) };
        const messages = isTelemetryBatch(headers["content-type"])
          ? parseTelemetryBatch(body)
          : [toTelemetry(rawHeaders, body)];
        await deviceToCloud.receive(sender, messages);
        return NO_CONTENT;
      },
    },
  ];
}

function serviceRoutes({ cloudToDevice, registry }: RouteServices): Route[] {
  return [
    {
      method: "DELETE",
      path: `${DEVICE}/commands`,
      permission: "ServiceConnect",
      async handle({ deviceId }) {
        registry.get(deviceId);
        const totalMessagesPurged = await cloudToDevice.purge(deviceId);
        return { status: 200, body: { totalMessagesPurged, deviceId, moduleId: null } };
      },
    },
  ];
}

function parseTop(top: string | undefined): number {
  if (top === undefined) return MAX_LISTED;
  if (/^\d+$/.test(top) && Number(top) >= 1 && Number(top) <= MAX_LISTED) return Number(top);
  throw new HubError("ArgumentInvalid", `top is 1 to ${MAX_LISTED}.`);
}
