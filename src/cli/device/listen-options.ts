/** What `c2d-device listen` is to do: its flags, checked against one another. */

import type { DeliverySettlement } from "../../client/device-connection.ts";
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
  readonly settlement: DeliverySettlement;
  readonly keepAliveSeconds: number;
  /** Undefined: the transport's own. */
  readonly pollIntervalMs: number | undefined;
  readonly isReconnecting: boolean;
  readonly connectTimeoutMs: number;
}

const DEFAULT_KEEPALIVE_MS = 180_000;

/** The longest an MQTT keep-alive can be, in seconds: it travels as 16 bits. */
const MAX_KEEPALIVE_SECONDS = 65_535;

/** @throws UsageError */
export function toListenOptions(flags: ListenFlags, config: DeviceConfig): ListenOptions {
  requireUse(flags, config.transport);
  return {
    config,
    count: flags.count,
    timeoutMs: flags.timeout,
    idleTimeoutMs: flags.idleTimeout,
    outputFile: flags.outputFile,
    readyFile: flags.readyFile,
    settlement: flags.settle,
    keepAliveSeconds: keepAliveSecondsOf(flags.keepalive ?? DEFAULT_KEEPALIVE_MS),
    pollIntervalMs: flags.pollInterval,
    isReconnecting: flags.reconnect,
    connectTimeoutMs: flags.connectTimeout,
  };
}

/** Refuses what this transport cannot do, instead of leaving it undone. */
function requireUse(flags: ListenFlags, transport: DeviceConfig["transport"]): void {
  const isMqtt = transport === "mqtt" || transport === "mqtt-ws";
  if (isMqtt && flags.settle !== "complete") {
    throw new UsageError(
      `--settle ${flags.settle} cannot be done over ${transport}`,
      "MQTT knows one acknowledgement, which completes the message. Other outcomes take --transport amqp, amqp-ws or http.",
    );
  }
  if (transport === "http" && flags.keepalive !== undefined) {
    throw new UsageError(
      "--keepalive means nothing over http, which keeps no connection",
      "Leave it away; --poll-interval says how often the hub is asked.",
    );
  }
  if (transport !== "http" && flags.pollInterval !== undefined) {
    throw new UsageError(
      `--poll-interval means nothing over ${transport}, where the hub sends by itself`,
      "Leave it away, or use --transport http.",
    );
  }
}

function keepAliveSecondsOf(ms: number): number {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= MAX_KEEPALIVE_SECONDS) return seconds;
  throw new UsageError(`--keepalive can be ${MAX_KEEPALIVE_SECONDS} seconds at most`);
}
