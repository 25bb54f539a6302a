import type { IncomingMessage } from "node:http";
import { decodePercent } from "../../../core/encodings.ts";
import { HubError } from "../../../core/hub-error.ts";
import { type PageReply, refusal } from "../page-reply.ts";
import type { PageServices } from "../page-services.ts";
import { DEVICE_ID_MARK } from "../page-types.ts";
import { readEvent, readMessage } from "./content.ts";
import { readJson } from "./read-json.ts";
import { parseChange, parseSend } from "./requested.ts";

/** @throws HubError, InvalidOptionError */
export async function answerApi(
  request: IncomingMessage,
  path: readonly string[],
  services: PageServices,
): Promise<PageReply> {
  const [first, second, third] = path.map(decodeSegment);
  const { method } = request;
  if (method === "GET" && path.length === 2) {
    if (first === "messages") return ok(readMessage(second ?? "", services));
    if (first === "events") return ok(readEvent(second ?? "", services));
  }
  if (method === "POST" && first === "messages" && path.length === 1) {
    return await send(request, services);
  }
  if (first === "devices" && second !== undefined && path.length <= 3) {
    const deviceId = second.startsWith(DEVICE_ID_MARK) ? second.slice(1) : second;
    if (path.length === 2) return await changeDevice(request, deviceId, services);
    if (method === "DELETE" && third === "messages") return await purge(deviceId, services);
  }
  return nothingHere();
}

async function send(request: IncomingMessage, services: PageServices): Promise<PageReply> {
  const { clock, cloudToDevice } = services;
  const { deviceId, message } = parseSend(await readJson(request), clock.nowMs());
  await cloudToDevice.send(deviceId, message);
  return { status: 201, body: {} };
}

async function changeDevice(
  request: IncomingMessage,
  deviceId: string,
  { registry }: PageServices,
): Promise<PageReply> {
  switch (request.method) {
    case "PUT":
      await registry.create(deviceId);
      return { status: 201, body: {} };
    case "PATCH": {
      const { isEnabled } = parseChange(await readJson(request));
      registry.get(deviceId);
      await registry.update(deviceId, { status: isEnabled ? "enabled" : "disabled" }, "*");
      return { status: 204 };
    }
    case "DELETE":
      await registry.delete(deviceId, "*");
      return { status: 204 };
    default:
      return nothingHere();
  }
}

async function purge(deviceId: string, services: PageServices): Promise<PageReply> {
  services.registry.get(deviceId);
  return ok({ purged: await services.cloudToDevice.purge(deviceId) });
}

function ok(body: object): PageReply {
  return { status: 200, body };
}

function nothingHere(): PageReply {
  return refusal(404, "NotFound", "There is nothing at this path.");
}

function decodeSegment(segment: string): string {
  const decoded = decodePercent(segment);
  if (decoded !== undefined) return decoded;
  throw new HubError("ArgumentInvalid", "The path has a % that encodes nothing.");
}
