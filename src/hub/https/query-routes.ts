/** Only the query that lists all devices, with paging (rule https-query). */

import type { DeviceIdentity } from "../../core/device-identity.ts";
import { HubError } from "../../core/hub-error.ts";
import { toTwinJson } from "./device-json.ts";
import { findActivity } from "./find-activity.ts";
import { parseObject } from "./json-body.ts";
import type { Route, RouteServices } from "./route.ts";

const ALL_DEVICES = /^\s*select\s+\*\s+from\s+devices\s*;?\s*$/i;

/** Devices per page (query guide: x-ms-max-item-count). */
const PAGE = { default: 100, max: 1000 };

export function queryRoutes(services: RouteServices): Route[] {
  return [
    {
      method: "POST",
      path: "/devices/query",
      // Azure's required permission is not documented; users of the SDKs have either.
      permissions: ["ServiceConnect", "RegistryRead"],
      handle({ headers, body }) {
        const { query } = parseObject(body);
        if (typeof query !== "string" || !ALL_DEVICES.test(query)) {
          throw new HubError("ArgumentInvalid", "Only 'select * from devices' is supported.");
        }
        const after = parseContinuation(headers["x-ms-continuation"]?.toString());
        const size = parsePageSize(headers["x-ms-max-item-count"]?.toString());
        const rest = services.registry.list().filter(({ deviceId }) => deviceId > after);
        const page = rest.slice(0, size);
        return {
          status: 200,
          headers: {
            "x-ms-item-type": "Twin",
            // Not on the last page: even an empty one makes the Node SDK request pages forever.
            ...(rest.length > size && { "x-ms-continuation": formatContinuation(page) }),
          },
          body: page.map((device) => toTwinJson(device, findActivity(device.deviceId, services))),
        };
      },
    },
  ];
}

/** The token contains the last device of the page. */
function formatContinuation(page: readonly DeviceIdentity[]): string {
  return Buffer.from(page.at(-1)?.deviceId ?? "").toString("base64url");
}

function parseContinuation(token = ""): string {
  return Buffer.from(token, "base64url").toString("utf8");
}

function parsePageSize(text: string | undefined): number {
  if (text === undefined || text === "") return PAGE.default;
  const size = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  // The Node SDK sends -1 for "as many as you like".
  if (size === -1) return PAGE.default;
  if (size >= 1 && size <= PAGE.max) return size;
  throw new HubError("ArgumentInvalid", `x-ms-max-item-count must be 1 to ${PAGE.max}.`);
}
