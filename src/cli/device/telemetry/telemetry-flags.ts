/** The flags of `c2d-device telemetry`, as parsed by commander. Times in milliseconds. */

import type { MessageFlags } from "../../message/message-flags.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { ConnectionFlags } from "../connection-options.ts";

export interface TelemetryFlags extends CommonFlags, ConnectionFlags, MessageFlags {
  readonly count?: number;
  /** 0: as fast as the hub confirms. */
  readonly interval: number;
  /** 0 is unbounded. */
  readonly messageTimeout: number;
  /** 0 is unbounded. */
  readonly timeout?: number;
  readonly listen?: true;
}
