/** The flags of `c2d-hub monitor-events`, as parsed by commander. Times in milliseconds. */

import type { CommonFlags } from "../../program/common-options.ts";

export interface MonitorEventsFlags extends CommonFlags {
  readonly consumerGroup: string;
  /** Since the epoch. */
  readonly enqueuedTime?: number;
  readonly count?: number;
  /** 0 is unbounded. */
  readonly timeout?: number;
  readonly connectTimeout: number;
}
