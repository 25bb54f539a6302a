/** For the local hub's owner; Azure does not have them. */

import { STATUS_PATH, STOP_PATH } from "../home/home.ts";
import { NO_CONTENT } from "./http-reply.ts";
import type { Route, RouteServices } from "./route.ts";

export function adminRoutes({ handshakes, stopHub }: RouteServices): Route[] {
  return [
    {
      method: "GET",
      path: STATUS_PATH,
      permissions: ["RegistryRead"],
      handle: () => ({ status: 200, body: { refusedHandshakes: handshakes.refused } }),
    },
    {
      method: "POST",
      path: STOP_PATH,
      // It affects registry and services alike: only the owner's policy has both permissions.
      permissions: ["RegistryWrite", "ServiceConnect"],
      needsEveryPermission: true,
      handle: () => ({ ...NO_CONTENT, onSent: stopHub }),
    },
  ];
}
