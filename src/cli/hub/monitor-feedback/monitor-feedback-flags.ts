/** As parsed by commander. Times in milliseconds; a timeout of 0 is unbounded. */

import type { CommonFlags } from "../../program/common-options.ts";
import type { FormatFlags } from "../../program/format-options.ts";

export interface MonitorFeedbackFlags extends CommonFlags, Pick<FormatFlags, "format"> {
  readonly waitOnMsg?: string;
  readonly count?: number;
  readonly timeout?: number;
  readonly peek?: true;
  readonly connectTimeout: number;
}
