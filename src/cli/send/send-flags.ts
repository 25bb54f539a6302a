/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { Ack } from "../../core/message.ts";
import type { MessageFlags } from "../message/message-flags.ts";
import type { CommonFlags } from "../program/common-options.ts";

export interface SendFlags extends CommonFlags, MessageFlags {
  readonly deviceId?: readonly string[];
  readonly deviceFile?: string;
  readonly from?: string;
  readonly lines?: true;
  /** Default 1. */
  readonly count?: number;
  readonly interval: number;
  readonly expiry?: string;
  readonly ack?: Ack;
  readonly wait?: true;
  readonly timeout: number;
  readonly onQueueFull: "wait" | "fail";
  readonly dryRun?: true;
  readonly connectTimeout: number;
}
