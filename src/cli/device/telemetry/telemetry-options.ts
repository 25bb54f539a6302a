/** What `c2d-device telemetry` is to do: its flags, checked against one another. */

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

/** As the help shows it. */
export const DEFAULT_BODY = '{"deviceId":"{{deviceId}}","windSpeed":{{windSpeed}}}';

/**
 * @param body The body `bodySourceOf` named; undefined for the default one.
 * @throws UsageError for flags that contradict one another.
 */
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

/** The tutorial's message. A device id may hold what JSON must escape. */
function defaultsFor(deviceId: string): MessageDefaults {
  return {
    body: DEFAULT_BODY.replace('"{{deviceId}}"', () => JSON.stringify(deviceId)),
    properties: { Property: "PropMsg_{{n}}" },
  };
}
