/** For the local hub's owner; Azure does not have them. */

import { formatUtc } from "../../core/encodings.ts";
import { HubError } from "../../core/hub-error.ts";
import { LOG_PATH, QUEUE_PATH, STATUS_PATH, STOP_PATH } from "../home/home.ts";
import type { RingRequest } from "../model/read-ring.ts";
import { NO_CONTENT } from "./http-reply.ts";
import { logLines, queueLines } from "./inside-lines.ts";
import type { HubRequest, Route, RouteServices } from "./route.ts";

/** They affect or show registry and services alike: only the owner's policy has both permissions. */
const OWNER_ONLY = {
  permissions: ["RegistryWrite", "ServiceConnect"],
  needsEveryPermission: true,
} as const satisfies Partial<Route>;

export function adminRoutes(services: RouteServices): Route[] {
  const { cloudToDevice, registry, ring, stopHub } = services;
  return [
    {
      method: "GET",
      path: STATUS_PATH,
      permissions: ["RegistryRead"],
      isForObservers: true,
      handle: () => ({ status: 200, body: describeHub(services) }),
    },
    {
      ...OWNER_ONLY,
      method: "GET",
      path: QUEUE_PATH,
      isForObservers: true,
      handle({ query: { deviceid, bodies } }) {
        if (deviceid !== undefined) registry.get(deviceid);
        const queues = cloudToDevice.queues();
        const wanted =
          deviceid === undefined ? queues : queues.filter(([deviceId]) => deviceId === deviceid);
        return { status: 200, lines: () => queueLines(wanted, bodies === "true") };
      },
    },
    {
      ...OWNER_ONLY,
      method: "GET",
      path: LOG_PATH,
      isForObservers: true,
      handle(request) {
        const place = readPlace(request, services);
        const isFollowing = request.query.follow === "true";
        const hasBodies = request.query.bodies === "true";
        return {
          status: 200,
          lines: (signal) => logLines(ring, { ...place, isFollowing, signal }, hasBodies),
        };
      },
    },
    {
      ...OWNER_ONLY,
      method: "POST",
      path: STOP_PATH,
      handle: () => ({ ...NO_CONTENT, onSent: stopHub }),
    },
  ];
}

function describeHub(services: RouteServices): object {
  const { cloudToDevice, handshakes, openConnections, registry, ring, version } = services;
  const queues = cloudToDevice.queues();
  return {
    version,
    startedAtUtc: formatUtc(ring.startedMs),
    devices: registry.list().length,
    connections: openConnections.byProtocol,
    messagesWaiting: queues.reduce((sum, [, { size }]) => sum + size, 0),
    refusedHandshakes: handshakes.refused,
  };
}

/** `after` counts only in the run of the hub that it was read from. */
function readPlace(
  { query }: HubRequest,
  { clock, ring }: RouteServices,
): Pick<RingRequest, "after" | "sinceMs"> {
  const { agems, after, run } = query;
  if (after !== undefined && Number(run) === ring.startedMs) return { after: toNumber(after) };
  return agems === undefined ? {} : { sinceMs: clock.nowMs() - toNumber(agems) };
}

function toNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new HubError("ArgumentInvalid", "ageMs and after must be whole numbers.");
}
