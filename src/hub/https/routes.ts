import { adminRoutes } from "./admin-routes.ts";
import { deviceRoutes } from "./device-routes.ts";
import { queryRoutes } from "./query-routes.ts";
import { registryRoutes } from "./registry-routes.ts";
import type { Route, RouteServices } from "./route.ts";
import { serviceRoutes } from "./service-routes.ts";

export function createRoutes(services: RouteServices): Route[] {
  return [registryRoutes, queryRoutes, deviceRoutes, serviceRoutes, adminRoutes].flatMap((make) =>
    make(services),
  );
}
