/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { CommonFlags } from "../../program/common-options.ts";

export interface MonitorFeedbackFlags extends CommonFlags {
  readonly waitOnMsg?: string;
  readonly count?: number;
  readonly timeout?: number;
  readonly peek?: true;
  readonly connectTimeout: number;
}
