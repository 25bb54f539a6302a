/** What an endpoint of the HTTPS front end is. */

import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../../core/access.ts";
import type { Permission } from "../../core/device-identity.ts";
import type { HandshakeLog } from "../listener/handshakes.ts";
import type { CloudToDevice } from "../model/cloud-to-device.ts";
import type { DeviceActivityLog } from "../model/device-activity.ts";
import type { DeviceConnections } from "../model/device-connections.ts";
import type { DeviceToCloud } from "../model/device-to-cloud.ts";
import type { FeedbackQueue } from "../model/feedback-queue.ts";
import type { Registry } from "../model/identity-registry.ts";
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

export interface RouteServices {
  readonly activity: DeviceActivityLog;
  readonly cloudToDevice: CloudToDevice;
  readonly connections: DeviceConnections;
  readonly deviceToCloud: DeviceToCloud;
  readonly feedback: FeedbackQueue;
  readonly handshakes: HandshakeLog;
  readonly registry: Registry;
  /** Begins to stop the hub, which ends the connection of the request too. */
  stopHub(): void;
}

export const DEVICE_PATH = "/devices/:deviceId";
