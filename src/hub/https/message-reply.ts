import { formatUtc } from "../../core/encodings.ts";
import { encodeHeaderName, encodeHeaderValue } from "../../core/header-text.ts";
import { HubError } from "../../core/hub-error.ts";
import type { Message } from "../../core/message.ts";
import type { Entry } from "../../core/queue-entry.ts";
import { deviceboundTo } from "../../core/resource-path.ts";
import type { HttpReply } from "./http-reply.ts";

/** That an HTTP receiver may request (devguide-c2d). */
const LOCK_TIMEOUT_SECONDS = { min: 5, max: 300 };

/** Raw body, everything else in headers (rule https-receive). */
export function toMessageReply(
  deviceId: string,
  entry: Entry<Message>,
  lockToken: string,
): HttpReply {
  const { system, properties, body } = entry.payload;
  const headers: Record<string, string | undefined> = {
    ETag: `"${lockToken}"`,
    "iothub-messageid": system.messageId,
    "iothub-correlationid": system.correlationId,
    "iothub-userid": system.userId,
    "iothub-to": deviceboundTo(deviceId),
    "iothub-ack": system.ack,
    "iothub-expiry": isoTime(system.expiryTimeUtcMs),
    "iothub-sequencenumber": String(entry.sequenceNumber),
    "iothub-deliverycount": String(entry.deliveryCount),
    "iothub-enqueuedtime": isoTime(entry.enqueuedTimeMs),
    ContentType: system.contentType,
    ContentEncoding: system.contentEncoding,
  };
  for (const [name, value] of Object.entries(properties)) {
    headers[`iothub-app-${encodeHeaderName(name)}`] = value ?? "";
  }
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, encodeHeaderValue(value)] as const],
  );
  return { status: 200, headers: Object.fromEntries(present), body };
}

/** @throws HubError ArgumentInvalid outside 5 to 300 seconds. */
export function parseLockTimeoutMs(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  const { min, max } = LOCK_TIMEOUT_SECONDS;
  if (/^\d+$/.test(seconds) && Number(seconds) >= min && Number(seconds) <= max) {
    return Number(seconds) * 1000;
  }
  throw new HubError("ArgumentInvalid", `The lock timeout must be ${min} to ${max} seconds.`);
}

function isoTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : formatUtc(timeMs);
}
