import type { AmqpError } from "rhea";
import type { HubServices } from "../../services.ts";
import type { Claims } from "../claims.ts";
import type { SendBuffer } from "../rhea/send-buffer.ts";
import type { Settler } from "../rhea/settler.ts";
import type { DeviceLinks } from "./device-links.ts";

export type NodeServices = Pick<
  HubServices,
  "clock" | "cloudToDevice" | "deviceToCloud" | "feedback" | "hubName"
>;

export interface NodeContext extends NodeServices {
  readonly claims: Claims;
  readonly deviceLinks: DeviceLinks;
  readonly sendBuffer: SendBuffer;
  readonly settler: Settler;
  /** The address by which the peer reached the hub. */
  hubAddress(): { readonly hostName: string; readonly port: number };
  toError(error: unknown): AmqpError;
  toEventHubError(error: unknown): AmqpError;
  /** Ignored unless it is a refused sign-in. */
  reportRefused(error: unknown): void;
}

export interface GuardedLink {
  /** Throws once the credential is no longer valid. */
  check(): void;
  close(error: AmqpError): void;
  /** The link, its session or its connection is closed. Idempotent. */
  end(): void;
}
