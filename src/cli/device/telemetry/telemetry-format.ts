import { formatDuration } from "../../../async/format-duration.ts";
import type { TelemetryMessage } from "../../../client/device/telemetry-event.ts";
import { formatUtc } from "../../../core/encodings.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import type { TelemetryTally } from "./telemetry-tally.ts";

export interface Confirmation extends TelemetryMessage {
  readonly confirmedAtMs: number;
  readonly isRepeated: boolean;
  readonly isLate: boolean;
}

export interface MissingConfirmation extends TelemetryMessage {
  /** `MessageTimeout`, or why the run ended. */
  readonly reason: string;
  readonly mayBeStored: boolean;
}

export interface TelemetryFormat {
  /** @param total Confirmed so far, this one included. */
  confirmed(confirmation: Confirmation, total: number): string;
  unconfirmed(missing: MissingConfirmation): string;
  summary(tally: TelemetryTally, elapsedMs: number): string;
}

export function createTelemetryFormat(isJson: boolean, deviceId: string): TelemetryFormat {
  return isJson ? jsonFormat(deviceId) : TEXT_FORMAT;
}

function jsonFormat(deviceId: string): TelemetryFormat {
  return {
    confirmed: ({ index, message, confirmedAtMs, isRepeated, isLate }) =>
      formatJsonLine({
        type: "telemetry",
        n: index,
        messageId: message.system.messageId,
        correlationId: message.system.correlationId,
        properties: message.properties,
        confirmedAt: formatUtc(confirmedAtMs),
        deviceId,
        bytes: message.body.length,
        repeated: isRepeated,
        late: isLate,
      }),
    unconfirmed: ({ index, message, reason, mayBeStored }) =>
      formatJsonLine({
        type: "unconfirmed",
        n: index,
        messageId: message.system.messageId,
        correlationId: message.system.correlationId,
        reason,
        deviceId,
        mayBeStored,
      }),
    summary: ({ sent, confirmed, unconfirmed, failed }, elapsedMs) =>
      formatJsonLine({ type: "summary", sent, confirmed, unconfirmed, failed, elapsedMs }),
  };
}

const TEXT_FORMAT: TelemetryFormat = {
  confirmed: ({ isRepeated, isLate, ...confirmation }, total) =>
    block([
      `Confirmation[${confirmation.index}] received for message with result = OK`,
      ...describe(confirmation),
      ...(isRepeated ? ["    Sent more than once: the hub may have stored duplicates"] : []),
      ...(isLate ? ["    Late: previously reported as unconfirmed"] : []),
      `    Total calls confirmed: ${total}`,
    ]),
  unconfirmed: ({ reason, mayBeStored, ...missing }) =>
    block([
      `Unconfirmed[${missing.index}]: ${reason}, the hub ${mayBeStored ? "may have" : "does not have"} the message`,
      ...describe(missing),
    ]),
  summary: ({ sent, confirmed, unconfirmed, failed }, elapsedMs) => {
    const parts = [`${sent} sent`, `${confirmed} confirmed`, `${unconfirmed} unconfirmed`];
    if (failed > 0) parts.push(`${failed} refused`);
    return `Summary: ${parts.join(", ")} in ${formatDuration(elapsedMs)}\n`;
  },
};

function describe({ message }: TelemetryMessage): readonly string[] {
  const { messageId = "", correlationId = "" } = message.system;
  return [
    `    message_id: ${escapeLine(messageId)}`,
    `    correlation_id: ${escapeLine(correlationId)}`,
    `    Properties: ${escapeLine(JSON.stringify(message.properties))}`,
  ];
}

function block(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}
