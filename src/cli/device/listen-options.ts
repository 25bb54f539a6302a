/** What `c2d-device listen` is to do: its flags, checked against one another. */

import type { DeviceConfig } from "../../config/device-config.ts";
import { UsageError } from "../usage-error.ts";
import type { ListenFlags } from "./listen-flags.ts";

export interface ListenOptions {
  readonly config: DeviceConfig;
  readonly count: number | undefined;
  /** Undefined or 0: unbounded. */
  readonly timeoutMs: number | undefined;
  /** Undefined or 0: unbounded. */
  readonly idleTimeoutMs: number | undefined;
  readonly outputFile: string | undefined;
  readonly readyFile: string | undefined;
  readonly keepAliveSeconds: number;
  readonly isReconnecting: boolean;
  readonly connectTimeoutMs: number;
}

/** The longest an MQTT keep-alive can be, in seconds: it travels as 16 bits. */
const MAX_KEEPALIVE_SECONDS = 65_535;

/** @throws UsageError */
export function toListenOptions(flags: ListenFlags, config: DeviceConfig): ListenOptions {
  if (flags.settle !== "complete") {
    throw new UsageError(
      `--settle ${flags.settle} cannot be done over ${config.transport}`,
      "MQTT knows one acknowledgement, which completes the message. Other outcomes take amqp or http, which this version does not have yet.",
    );
  }
  return {
    config,
    count: flags.count,
    timeoutMs: flags.timeout,
    idleTimeoutMs: flags.idleTimeout,
    outputFile: flags.outputFile,
    readyFile: flags.readyFile,
    keepAliveSeconds: keepAliveSecondsOf(flags.keepalive),
    isReconnecting: flags.reconnect,
    connectTimeoutMs: flags.connectTimeout,
  };
}

function keepAliveSecondsOf(ms: number): number {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= MAX_KEEPALIVE_SECONDS) return seconds;
  throw new UsageError(`--keepalive can be ${MAX_KEEPALIVE_SECONDS} seconds at most`);
}
