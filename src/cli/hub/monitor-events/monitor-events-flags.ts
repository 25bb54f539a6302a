/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { CommonFlags } from "../../program/common-options.ts";
import type { FormatFlags } from "../../program/format-options.ts";

export interface MonitorEventsFlags extends CommonFlags, FormatFlags {
  readonly property?: readonly string[];
  readonly consumerGroup: string;
  /** Since the epoch. */
  readonly enqueuedTime?: number;
  readonly count?: number;
  readonly timeout?: number;
  readonly connectTimeout: number;
}
