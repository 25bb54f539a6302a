/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { DeliverySettlement } from "../../../client/connection/device-connection.ts";
import type { CommonFlags } from "../../program/common-options.ts";
import type { FormatFlags } from "../../program/format-options.ts";
import type { ConnectionFlags } from "../connection-options.ts";
import type { ExecFlags } from "../handling/exec-options.ts";

export interface ListenFlags extends CommonFlags, ConnectionFlags, FormatFlags, ExecFlags {
  readonly count?: number;
  readonly timeout?: number;
  readonly idleTimeout?: number;
  readonly settle: DeliverySettlement;
  readonly outputFile?: string;
  readonly saveDir?: string;
  readonly pollInterval?: number;
  readonly readyFile?: string;
}
