/** The flags of `c2d-send`, as commander hands them over. */

import type { Ack } from "../../core/message.ts";
import type { CommonFlags } from "../common-options.ts";

export interface SendFlags extends CommonFlags {
  readonly deviceId?: readonly string[];
  readonly deviceFile?: string;
  readonly data?: string;
  readonly dataFilePath?: string;
  readonly dataEncoding?: "utf8" | "hex" | "base64";
  readonly from?: string;
  readonly count: number;
  /** Milliseconds. */
  readonly interval: number;
  readonly messageId?: string;
  readonly correlationId?: string;
  readonly userId?: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly expiry?: string;
  readonly property?: readonly string[];
  readonly properties?: string;
  readonly ack?: Ack;
  readonly wait?: true;
  /** Milliseconds; 0 is unbounded. */
  readonly timeout: number;
  readonly onQueueFull: "wait" | "fail";
  /** `--template` and `--no-template`; absent when neither is given. */
  readonly template?: boolean;
  readonly dryRun?: true;
  /** Milliseconds. */
  readonly connectTimeout: number;
}
