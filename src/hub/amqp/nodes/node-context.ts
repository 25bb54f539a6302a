/** What the nodes behind AMQP links share within one connection. */

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
  /** Where the peer has found the hub. */
  hubAddress(): { readonly hostName: string; readonly port: number };
  toError(error: unknown): AmqpError;
  /** The same in the form that readers of events know. */
  toEventHubError(error: unknown): AmqpError;
  /** Tells that somebody was not let in, when that is what the error says. */
  reportRefused(error: unknown): void;
}

/** A link that rests on a proof. */
export interface GuardedLink {
  /** Throws once the proof is gone. */
  check(): void;
  close(error: AmqpError): void;
  /** The link is closed, or its session or its connection has gone. Idempotent. */
  end(): void;
}

/** Unsettled messages a sender may have in flight; rhea keeps room for 2048 a session. */
export const SEND_CREDIT = 1000;
