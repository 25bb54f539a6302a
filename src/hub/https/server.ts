/** The HTTPS front end: requests routed to what serves them. */

import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import createRouter from "find-my-way";
import type { Permission } from "../../core/device-identity.ts";
import { toHubError } from "../../core/hub-error.ts";
import type { AccessControl } from "../access-control.ts";
import type { Clock } from "../clock.ts";
import type { CloudToDevice } from "../cloud-to-device.ts";
import type { DeviceConnections } from "../connections.ts";
import type { HubEventStream } from "../events.ts";
import type { Registry } from "../registry.ts";
import { type HttpReply, readToken, toDeviceJson, toErrorReply } from "./translate.ts";

export interface HttpsServices {
  readonly access: AccessControl;
  readonly clock: Clock;
  readonly cloudToDevice: CloudToDevice;
  readonly connections: DeviceConnections;
  readonly events: HubEventStream;
  readonly registry: Registry;
}

type Handler = (deviceId: string, request: IncomingMessage) => HttpReply | Promise<HttpReply>;

const NOT_FOUND: HttpReply = {
  status: 404,
  body: { Message: "ErrorCode:NotFound;There is nothing at this path." },
};

/** A server for connections that others accept. */
export function createHttpsServer(services: HttpsServices): Server {
  const router = createRouter({ ignoreTrailingSlash: true, caseSensitive: false });
  const { registry } = services;
  const describe = (deviceId: string): object => describeDevice(registry.get(deviceId), services);

  route("GET", "RegistryRead", (deviceId) => ({ status: 200, body: describe(deviceId) }));
  route("PUT", "RegistryWrite", async (deviceId) => {
    await registry.create(deviceId);
    return { status: 200, body: describe(deviceId) };
  });

  return createServer((request, response) => {
    const found = router.find(request.method as "GET", request.url ?? "/");
    if (found === null) return reply(response, NOT_FOUND);
    found.handler(request, response, found.params, found.store, found.searchParams);
  });

  /** Serves `/devices/{id}` to whoever holds the permission. */
  function route(method: "GET" | "PUT", permission: Permission, handle: Handler): void {
    router.on(method, "/devices/:deviceId", (request, response, params) => {
      answer(request as IncomingMessage, params.deviceId ?? "", permission, handle)
        .catch((error: unknown) => refuse(error))
        .then((result) => reply(response as ServerResponse, result))
        .catch(() => response.destroy());
    });
  }

  async function answer(
    request: IncomingMessage,
    deviceId: string,
    permission: Permission,
    handle: Handler,
  ): Promise<HttpReply> {
    const principal = services.access.authenticate(readToken(request.headers.authorization));
    services.access.authorize(principal, permission, ["devices", deviceId]);
    return handle(deviceId, request);
  }

  function refuse(error: unknown): HttpReply {
    const refusal = toHubError(error);
    if (refusal.name === "IotHubUnauthorized") {
      const { name, message: reason } = refusal;
      services.events.emit({ type: "connectionRefused", protocol: "https", name, reason });
    }
    return toErrorReply(refusal, randomUUID().replaceAll("-", ""), services.clock.nowMs());
  }
}

function describeDevice(
  device: ReturnType<Registry["get"]>,
  { connections, cloudToDevice }: HttpsServices,
): object {
  return toDeviceJson(device, {
    isConnected: connections.isConnected(device.deviceId),
    cloudToDeviceMessageCount: cloudToDevice.countOf(device.deviceId),
  });
}

function reply(response: ServerResponse, { status, headers, body }: HttpReply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}
