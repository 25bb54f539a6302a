import { formatAuthMethod } from "../../core/access.ts";
import type { Settlement } from "../../core/message-queue.ts";
import { type HttpReply, NO_CONTENT } from "./http-reply.ts";
import { parseLockTimeoutMs, toMessageReply } from "./message-reply.ts";
import { DEVICE_PATH, type HubRequest, type Route, type RouteServices } from "./route.ts";
import { isTelemetryBatch, parseTelemetryBatch, toTelemetry } from "./telemetry-request.ts";

const DEVICEBOUND = `${DEVICE_PATH}/messages/devicebound`;

/** Rule https-settle. */
export function deviceRoutes({ cloudToDevice, deviceToCloud }: RouteServices): Route[] {
  const settle = async (request: HubRequest, settlement: Settlement): Promise<HttpReply> => {
    await cloudToDevice.settle(request.deviceId, request.lockToken, settlement);
    return NO_CONTENT;
  };
  return [
    {
      method: "GET",
      path: DEVICEBOUND,
      permissions: ["DeviceConnect"],
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
      permissions: ["DeviceConnect"],
      handle: (request) =>
        settle(request, request.query.reject === undefined ? "complete" : "reject"),
    },
    {
      method: "POST",
      path: `${DEVICEBOUND}/:lockToken/abandon`,
      permissions: ["DeviceConnect"],
      handle: (request) => settle(request, "abandon"),
    },
    {
      method: "POST",
      path: `${DEVICE_PATH}/messages/events`,
      permissions: ["DeviceConnect"],
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
