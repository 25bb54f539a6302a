/** The hub's own paths, outside of Azure's: what its owner may ask it, and have it do. */

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
      // It ends what registry and services do alike: of the policies only the owner's has both.
      permissions: ["RegistryWrite", "ServiceConnect"],
      needsEveryPermission: true,
      handle: () => ({ ...NO_CONTENT, onSent: stopHub }),
    },
  ];
}
