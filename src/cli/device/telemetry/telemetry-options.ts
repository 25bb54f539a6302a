import type { DeviceConfig } from "../../../config/device-config.ts";
import {
  type BodyPlan,
  type DescribedMessage,
  type MessageDefaults,
  planMessage,
} from "../../message/message-plan.ts";
import { type ConnectionOptions, deviceIdOf, toConnectionOptions } from "../connection-options.ts";
import type { TelemetryFlags } from "./telemetry-flags.ts";

export interface TelemetryOptions extends DescribedMessage {
  readonly connection: ConnectionOptions;
  readonly count: number | undefined;
  readonly intervalMs: number;
  /** 0 is unbounded. */
  readonly messageTimeoutMs: number;
  /** Undefined or 0: unbounded. */
  readonly timeoutMs: number | undefined;
  readonly isListening: boolean;
}

export const DEFAULT_BODY = '{"deviceId":"{{deviceId}}","windSpeed":{{windSpeed}}}';

/** @throws UsageError for conflicting flags. */
export function toTelemetryOptions(
  flags: TelemetryFlags,
  body: BodyPlan | undefined,
  config: DeviceConfig,
): TelemetryOptions {
  return {
    ...planMessage(flags, body, defaultsFor(deviceIdOf(config))),
    connection: toConnectionOptions(flags, config),
    count: flags.count,
    intervalMs: flags.interval,
    messageTimeoutMs: flags.messageTimeout,
    timeoutMs: flags.timeout,
    isListening: flags.listen === true,
  };
}

/** A device id may contain characters that JSON must escape. */
function defaultsFor(deviceId: string): MessageDefaults {
  return {
    body: DEFAULT_BODY.replace('"{{deviceId}}"', () => JSON.stringify(deviceId)),
    properties: { Property: "PropMsg_{{n}}" },
  };
}
