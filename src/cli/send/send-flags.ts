/** The flags of `c2d-send`, as parsed by commander. */

import type { Ack } from "../../core/message.ts";
import type { MessageFlags } from "../message/message-flags.ts";
import type { CommonFlags } from "../program/common-options.ts";

export interface SendFlags extends CommonFlags, MessageFlags {
  readonly deviceId?: readonly string[];
  readonly deviceFile?: string;
  readonly from?: string;
  readonly count: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly expiry?: string;
  readonly ack?: Ack;
  readonly wait?: true;
  /** Milliseconds; 0 is unbounded. */
  readonly timeout: number;
  readonly onQueueFull: "wait" | "fail";
  readonly dryRun?: true;
  /** Milliseconds. */
  readonly connectTimeout: number;
}
