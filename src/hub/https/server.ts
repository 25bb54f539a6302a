import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { finished, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import createRouter from "find-my-way";
import type { Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import { HubError, toHubError } from "../../core/hub-error.ts";
import { MAX_DEVICE_ID_LENGTH } from "../../core/limits.ts";
import { readClientCertificate } from "../listener/incoming-connection.ts";
import type { AccessControl } from "../model/access-control.ts";
import type { HubServices } from "../services.ts";
import { type HttpReply, toErrorReply } from "./http-reply.ts";
import type { HubRequest, Route, RouteServices } from "./route.ts";
import { createRoutes } from "./routes.ts";

type HttpsServices = RouteServices & Pick<HubServices, "access" | "events" | "store">;

/** A full batch of telemetry fits. */
const MAX_BODY_BYTES = 1024 * 1024;

const IDLE_TIMEOUT_MS = 120_000;

const PERCENT_ENCODED_LENGTH = 3;

const NOTHING_HERE: HttpReply = {
  status: 404,
  headers: { "iothub-errorcode": "NotFound" },
  body: { Message: "ErrorCode:NotFound;There is nothing at this path." },
};

/** For connections accepted elsewhere. */
export function createHttpsServer(services: HttpsServices): Server {
  // Made for the first request: it takes 5 ms, and most hubs serve AMQP and MQTT alone.
  let router: Router | undefined;
  const server = createServer((request, response) => {
    router ??= createRouterOf(services);
    const found = router.find(request.method as Route["method"], request.url ?? "/");
    const answered = found === null ? NOTHING_HERE : answer(request, found, services);
    Promise.resolve(answered)
      .catch((error: unknown) => refuse(error, services))
      .then((reply) => {
        if (reply.onSent) finished(response, reply.onSent);
        send(response, reply);
      })
      .catch(() => response.destroy());
  });
  // Node enforces its other limits only for a server that listens; this one is given connections.
  return server.setTimeout(IDLE_TIMEOUT_MS);
}

type Router = ReturnType<typeof createRouter>;

function createRouterOf(services: HttpsServices): Router {
  const router = createRouter({
    ignoreTrailingSlash: true,
    caseSensitive: false,
    maxParamLength: MAX_DEVICE_ID_LENGTH * PERCENT_ENCODED_LENGTH,
  });
  for (const route of createRoutes(services)) {
    router.on(route.method, route.path, () => {}, route);
  }
  return router;
}

interface FoundRoute {
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly searchParams: Readonly<Record<string, string>>;
  /** The route, as registered with the router. */
  readonly store: Route;
}

async function answer(
  incoming: IncomingMessage,
  { params, searchParams, store: route }: FoundRoute,
  services: HttpsServices,
): Promise<HttpReply> {
  const { deviceId = "", lockToken = "" } = params;
  const principal = authorize(incoming, route, deviceId, services);
  const request: HubRequest = {
    deviceId,
    lockToken,
    query: lowerCaseNames(searchParams),
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    principal,
    body: await readBody(incoming),
  };
  if (route.isForObservers) services.openConnections.use(incoming.socket, "observer");
  const reply = await route.handle(request);
  // The response may depend on changes by others that are not durable yet.
  await services.store.durable();
  return reply;
}

function authorize(
  incoming: IncomingMessage,
  { path, permissions, needsEveryPermission }: Route,
  deviceId: string,
  { access }: HttpsServices,
): Principal {
  const principal = authenticate(incoming, deviceId, access);
  const resource = path.split("/").filter((segment) => segment !== "");
  const segments = resource.map((segment) => (segment === ":deviceId" ? deviceId : segment));
  const check = (permission: Permission): void => {
    if (permission === "DeviceConnect") access.authorizeDevice(principal, deviceId);
    else access.authorize(principal, permission, segments);
  };
  if (needsEveryPermission) permissions.forEach(check);
  else requireAny(permissions, check);
  return principal;
}

function authenticate(
  { headers: { authorization }, socket }: IncomingMessage,
  deviceId: string,
  access: AccessControl,
): Principal {
  const device = deviceId === "" ? undefined : deviceId;
  if (authorization !== undefined) return access.authenticate(authorization, device);
  const certificate = device === undefined ? undefined : readClientCertificate(socket);
  if (certificate) return access.authenticateCertificate(certificate, deviceId);
  throw new HubError("IotHubUnauthorized", "Authorization header missing");
}

function requireAny(
  permissions: readonly Permission[],
  check: (permission: Permission) => void,
): void {
  let refusal: unknown;
  for (const permission of permissions) {
    try {
      check(permission);
      return;
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function refuse(error: unknown, { clock, events }: HttpsServices): HttpReply {
  const refusal = toHubError(error);
  if (refusal.name === "IotHubUnauthorized") {
    const { name, message: reason } = refusal;
    events.emit({ type: "connectionRefused", protocol: "https", name, reason });
  }
  return toErrorReply(refusal, randomUUID().replaceAll("-", ""), clock.nowMs());
}

async function readBody(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) {
      throw new HubError(
        "MessageTooLarge",
        `A request body can have up to ${MAX_BODY_BYTES} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** With content-length: otherwise Node would use chunked encoding. */
function send(response: ServerResponse, { status, headers, body, lines }: HttpReply): void {
  if (lines !== undefined) {
    sendLines(response, lines);
    return;
  }
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const isRaw = body instanceof Uint8Array;
  const content = isRaw ? body : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(!isRaw && { "Content-Type": "application/json; charset=utf-8" }),
    "Content-Length": content.length,
    ...headers,
  });
  response.end(content);
}

/** Ends with its reader, however long it takes. */
function sendLines(response: ServerResponse, lines: NonNullable<HttpReply["lines"]>): void {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  // Not every stream that carries HTTP has timeouts.
  response.socket?.setTimeout?.(0);
  response.writeHead(200, { "Content-Type": "application/x-ndjson; charset=utf-8" });
  response.flushHeaders();
  pipeline(Readable.from(lines(gone.signal)), response).catch(() => response.destroy());
}

function lowerCaseNames(query: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
