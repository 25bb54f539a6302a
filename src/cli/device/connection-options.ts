import type { Command } from "commander";
import type { DeviceConfig } from "../../config/device-config.ts";
import { parsePositiveDuration } from "../program/argument-parsers.ts";
import { addConnectTimeout } from "../program/common-options.ts";
import { UsageError } from "../terminal/usage-error.ts";

export interface ConnectionFlags {
  /** Milliseconds. */
  readonly keepalive?: number;
  /** commander's form of `--no-reconnect`. */
  readonly reconnect: boolean;
  /** Milliseconds. */
  readonly connectTimeout: number;
}

export interface ConnectionOptions {
  readonly config: DeviceConfig;
  readonly keepAliveSeconds: number;
  readonly isReconnecting: boolean;
  readonly connectTimeoutMs: number;
}

export function deviceIdOf({ hub }: Pick<DeviceConfig, "hub">): string {
  return hub.type === "local" ? hub.deviceId : hub.connectionString.deviceId;
}

const DEFAULT_KEEPALIVE_MS = 180_000;

/** A 16-bit field of MQTT. */
const MAX_KEEPALIVE_SECONDS = 65_535;

export function addConnectionOptions(command: Command): Command {
  command
    .option(
      "--keepalive <duration>",
      "keep-alive interval; not with http (default: 180s)",
      parsePositiveDuration,
    )
    .option("--no-reconnect", "exit when the connection is lost, instead of reconnecting");
  return addConnectTimeout(command);
}

/** @throws UsageError for what this transport cannot do. */
export function toConnectionOptions(
  { keepalive, reconnect, connectTimeout }: ConnectionFlags,
  config: DeviceConfig,
): ConnectionOptions {
  if (config.transport === "http" && keepalive !== undefined) {
    throw new UsageError(
      "--keepalive has no effect over http, which keeps no connection open",
      "Omit it, or use another --transport.",
    );
  }
  return {
    config,
    keepAliveSeconds: keepAliveSecondsOf(keepalive ?? DEFAULT_KEEPALIVE_MS),
    isReconnecting: reconnect,
    connectTimeoutMs: connectTimeout,
  };
}

function keepAliveSecondsOf(ms: number): number {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= MAX_KEEPALIVE_SECONDS) return seconds;
  throw new UsageError(`--keepalive cannot exceed ${MAX_KEEPALIVE_SECONDS} s`);
}
