/** What the hub tells of itself, outside of Azure's paths: for its own commands. */

import { STATUS_PATH } from "../home/home.ts";
import type { Route, RouteServices } from "./route.ts";

export function statusRoutes({ handshakes }: RouteServices): Route[] {
  return [
    {
      method: "GET",
      path: STATUS_PATH,
      permissions: ["RegistryRead"],
      handle: () => ({ status: 200, body: { refusedHandshakes: handshakes.refused } }),
    },
  ];
}
