import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import type { HubServices } from "../services.ts";
import type { HttpReply } from "./http-reply.ts";

export interface HubRequest {
  /** Decoded; empty if the path has none. */
  readonly deviceId: string;
  readonly lockToken: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: IncomingHttpHeaders;
  /** Names as they came, each followed by its value. */
  readonly rawHeaders: readonly string[];
  readonly principal: Principal;
  readonly body: Uint8Array;
}

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  /** Any one of them is sufficient. */
  readonly permissions: readonly Permission[];
  readonly needsEveryPermission?: boolean;
  /** Its connection does not count as a client's. */
  readonly isForObservers?: boolean;
  handle(request: HubRequest): HttpReply | Promise<HttpReply>;
}

export interface RouteServices
  extends Pick<
    HubServices,
    | "activity"
    | "clock"
    | "cloudToDevice"
    | "connections"
    | "deviceToCloud"
    | "feedback"
    | "handshakes"
    | "openConnections"
    | "registry"
    | "ring"
    | "version"
  > {
  /** Begins to stop the hub, which ends the connection of the request too. */
  stopHub(): void;
}

export const DEVICE_PATH = "/devices/:deviceId";
