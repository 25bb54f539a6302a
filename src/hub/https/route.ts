/** What an endpoint of the HTTPS front end is. */

import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import type { HubServices } from "../services.ts";
import type { HttpReply } from "./http-reply.ts";

export interface HubRequest {
  /** Decoded; empty where the path has none. */
  readonly deviceId: string;
  readonly lockToken: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: IncomingHttpHeaders;
  /** Names as they came, each followed by its value. */
  readonly rawHeaders: readonly string[];
  /** Whose token it was. */
  readonly principal: Principal;
  readonly body: Uint8Array;
}

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** As the router reads it. */
  readonly path: string;
  /** Any of them lets in. */
  readonly permissions: readonly Permission[];
  /** Only all of them together let in. */
  readonly needsEveryPermission?: boolean;
  handle(request: HubRequest): HttpReply | Promise<HttpReply>;
}

export interface RouteServices
  extends Pick<
    HubServices,
    | "activity"
    | "cloudToDevice"
    | "connections"
    | "deviceToCloud"
    | "feedback"
    | "handshakes"
    | "registry"
  > {
  /** Begins to stop the hub, which ends the connection of the request too. */
  stopHub(): void;
}

export const DEVICE_PATH = "/devices/:deviceId";
