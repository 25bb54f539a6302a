/** What the HTTPS front end serves: each endpoint with the permission it takes. */

import { deviceRoutes } from "./device-routes.ts";
import { ownRoutes } from "./own-routes.ts";
import { queryRoutes } from "./query-routes.ts";
import { registryRoutes } from "./registry-routes.ts";
import type { Route, RouteServices } from "./route.ts";
import { serviceRoutes } from "./service-routes.ts";

export function createRoutes(services: RouteServices): Route[] {
  return [registryRoutes, queryRoutes, deviceRoutes, serviceRoutes, ownRoutes].flatMap((make) =>
    make(services),
  );
}
