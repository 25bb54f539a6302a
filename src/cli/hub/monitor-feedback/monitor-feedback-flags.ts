/** The flags of `c2d-hub monitor-feedback`, as parsed by commander. Times in milliseconds. */

import type { CommonFlags } from "../../program/common-options.ts";

export interface MonitorFeedbackFlags extends CommonFlags {
  readonly waitOnMsg?: string;
  readonly count?: number;
  readonly timeout?: number;
  readonly peek?: true;
  readonly connectTimeout: number;
}
