/** As parsed by commander. Times in milliseconds. */

import type { CommonFlags } from "../../program/common-options.ts";

export interface StartFlags extends CommonFlags {
  readonly port?: number;
  readonly host?: string;
  /** False with `--no-ui`. */
  readonly ui: boolean;
  readonly uiPort?: number;
  readonly hostName?: readonly string[];
  readonly device?: readonly string[];
  readonly deviceCa?: readonly string[];
  readonly consumerGroup?: readonly string[];
  readonly inMemory?: true;
  readonly defaultTtl?: number;
  readonly maxDeliveryCount?: number;
  readonly lockTimeout?: number;
  readonly queueDepth?: number;
  readonly feedbackInterval?: number;
  readonly idleExit?: number;
  /** Started by `--local`: uses whatever ports are free, and writes to the log. */
  readonly background?: true;
}
