/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { MessageFlags } from "../../message/message-flags.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { ConnectionFlags } from "../connection-options.ts";

export interface TelemetryFlags extends CommonFlags, ConnectionFlags, MessageFlags {
  readonly count?: number;
  /** 0: as fast as the hub confirms. */
  readonly interval: number;
  readonly messageTimeout: number;
  readonly timeout?: number;
  readonly listen?: true;
}
