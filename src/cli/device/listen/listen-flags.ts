/** The flags of `c2d-device listen`, as parsed by commander. Times in milliseconds. */

import type { DeliverySettlement } from "../../../client/connection/device-connection.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { ConnectionFlags } from "../connection-options.ts";

export interface ListenFlags extends CommonFlags, ConnectionFlags {
  readonly count?: number;
  /** 0 is unbounded. */
  readonly timeout?: number;
  /** 0 is unbounded. */
  readonly idleTimeout?: number;
  readonly settle: DeliverySettlement;
  readonly outputFile?: string;
  readonly pollInterval?: number;
  readonly readyFile?: string;
}
