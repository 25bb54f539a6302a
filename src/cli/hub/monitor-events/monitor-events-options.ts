/** What `c2d-hub monitor-events` is to do. */

import type { EventStart } from "../../../client/connection/event-cursor.ts";
import type { EventsConfig } from "../../../config/hub-config.ts";
import type { CommonFlags } from "../../program/common-options.ts";

/** As commander hands them over. Times in milliseconds. */
export interface MonitorEventsFlags extends CommonFlags {
  readonly consumerGroup: string;
  /** Since the epoch. */
  readonly enqueuedTime?: number;
  readonly count?: number;
  /** 0 is unbounded. */
  readonly timeout?: number;
  readonly connectTimeout: number;
}

export interface MonitorEventsOptions {
  readonly config: EventsConfig;
  readonly consumerGroup: string;
  readonly start: EventStart;
  readonly count: number | undefined;
  /** Undefined or 0: unbounded. */
  readonly timeoutMs: number | undefined;
  readonly connectTimeoutMs: number;
}

export function toMonitorEventsOptions(
  flags: MonitorEventsFlags,
  config: EventsConfig,
): MonitorEventsOptions {
  return {
    config,
    consumerGroup: flags.consumerGroup,
    start:
      flags.enqueuedTime === undefined
        ? { type: "latest" }
        : { type: "enqueuedTime", sinceMs: flags.enqueuedTime },
    count: flags.count,
    timeoutMs: flags.timeout,
    connectTimeoutMs: flags.connectTimeout,
  };
}
