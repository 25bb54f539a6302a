import type { DeliverySettlement } from "../../../client/connection/device-connection.ts";
import type { DeviceConfig } from "../../../config/device-config.ts";
import { AZURE_DEFAULTS } from "../../../core/limits.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import { UsageError } from "../../terminal/usage-error.ts";
import { type ConnectionOptions, toConnectionOptions } from "../connection-options.ts";
import { type ExecOptions, toExecOptions } from "../handling/exec-options.ts";
import type { ListenFlags } from "./listen-flags.ts";

export interface ListenOptions {
  readonly connection: ConnectionOptions;
  readonly count: number | undefined;
  /** Undefined or 0: unbounded. */
  readonly timeoutMs: number | undefined;
  /** Undefined or 0: unbounded. */
  readonly idleTimeoutMs: number | undefined;
  readonly outputFile: string | undefined;
  readonly saveDirectory: string | undefined;
  readonly exec: ExecOptions | undefined;
  readonly format: OutputFormat;
  readonly readyFile: string | undefined;
  /** `abandon` holds printed messages until the end of the run. */
  readonly settlement: DeliverySettlement;
  /** Over HTTP the device requests it. */
  readonly lockTimeoutMs: number;
  /** Undefined: the transport's default. */
  readonly pollIntervalMs: number | undefined;
}

/** @throws UsageError */
export function toListenOptions(
  flags: ListenFlags,
  format: OutputFormat,
  config: DeviceConfig,
): ListenOptions {
  validateForTransport(flags, config.transport);
  const others = [
    ...(flags.settle === "complete" ? [] : [`--settle ${flags.settle}`]),
    ...(flags.format === undefined ? [] : ["--format"]),
    ...(flags.raw ? ["--raw"] : []),
  ];
  return {
    connection: toConnectionOptions(flags, config),
    count: flags.count,
    timeoutMs: flags.timeout,
    idleTimeoutMs: flags.idleTimeout,
    outputFile: flags.outputFile,
    saveDirectory: flags.saveDir,
    exec: toExecOptions(flags, config.transport, others),
    format,
    readyFile: flags.readyFile,
    settlement: flags.settle,
    lockTimeoutMs: AZURE_DEFAULTS.lockTimeoutMs,
    pollIntervalMs: flags.pollInterval,
  };
}

function validateForTransport(flags: ListenFlags, transport: DeviceConfig["transport"]): void {
  const isMqtt = transport === "mqtt" || transport === "mqtt-ws";
  if (isMqtt && flags.settle !== "complete") {
    throw new UsageError(
      `--settle ${flags.settle} is not supported over ${transport}`,
      "MQTT has a single acknowledgement, which completes the message. For other outcomes use --transport amqp, amqp-ws or http.",
    );
  }
  if (transport !== "http" && flags.pollInterval !== undefined) {
    throw new UsageError(
      `--poll-interval has no effect over ${transport}, where the hub pushes messages`,
      "Omit it, or use --transport http.",
    );
  }
}
