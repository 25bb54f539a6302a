/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { CommonFlags } from "../../program/common-options.ts";

export interface MonitorEventsFlags extends CommonFlags {
  readonly consumerGroup: string;
  /** Since the epoch. */
  readonly enqueuedTime?: number;
  readonly count?: number;
  readonly timeout?: number;
  readonly connectTimeout: number;
}
