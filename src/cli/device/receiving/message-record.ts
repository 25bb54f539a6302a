/** Fields that did not arrive are undefined, and omitted. */

import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { viewBody } from "../../text/body-text.ts";
import { formatTime } from "../../text/time.ts";

export interface Arrival {
  /** 1-based. */
  readonly n: number;
  readonly receivedAtMs: number;
  readonly deviceId: string;
  readonly isDuplicate: boolean;
  /** Where the body was saved. */
  readonly file?: string;
  /** Of the command of `--exec`; null if it did not exit by itself. */
  readonly exitCode?: number | null;
}

/** Those of `toMessageRecord`, in its order. */
export const MESSAGE_KEYS = [
  "type",
  "n",
  "receivedAt",
  "deviceId",
  "messageId",
  "correlationId",
  "userId",
  "to",
  "expiryTimeUtc",
  "contentType",
  "contentEncoding",
  "ack",
  "enqueuedTimeUtc",
  "sequenceNumber",
  "deliveryCount",
  "properties",
  "bodyEncoding",
  "body",
  "raw",
  "bytes",
  "duplicate",
  "file",
  "exitCode",
];

export function toMessageRecord(message: ReceivedMessage, arrival: Arrival) {
  return {
    type: "message",
    n: arrival.n,
    receivedAt: formatTime(arrival.receivedAtMs),
    deviceId: arrival.deviceId,
    ...toSystemRecord(message),
    properties: message.properties,
    ...viewBody(message.body, message.system.contentType),
    bytes: message.body.length,
    duplicate: arrival.isDuplicate,
    file: arrival.file,
    exitCode: arrival.exitCode,
  };
}

export function toSystemRecord({ system, ...message }: ReceivedMessage) {
  return {
    messageId: system.messageId,
    correlationId: system.correlationId,
    userId: system.userId,
    to: system.to,
    expiryTimeUtc: formatTime(system.expiryTimeUtcMs),
    contentType: system.contentType,
    contentEncoding: system.contentEncoding,
    ack: system.ack,
    enqueuedTimeUtc: formatTime(message.enqueuedTimeUtcMs),
    sequenceNumber: message.sequenceNumber,
    deliveryCount: message.deliveryCount,
  };
}
