import type { HubEvent } from "../../hub/model/events.ts";
import { escapeLine } from "../terminal/escape.ts";
import { formatCount } from "./count.ts";

export function formatHubEvent(event: HubEvent): string {
  return escapeLine(describe(event));
}

function describe(event: HubEvent): string {
  switch (event.type) {
    case "deviceConnected":
      return `${event.deviceId} connected (${event.protocol})`;
    case "deviceDisconnected":
      return `${event.deviceId} disconnected (${event.protocol}): ${event.reason}`;
    case "connectionRefused":
      return `connection refused (${event.protocol}): ${event.name}: ${event.reason}`;
    case "handshakeFailed":
      return `TLS handshake with ${event.remoteAddress} failed${event.count > 1 ? ` (${event.count} times)` : ""}: ${event.reason} ${event.hint}`;
    case "enqueued":
      return `${nameOf(event)} enqueued`;
    case "delivered":
      return `${nameOf(event)} delivered`;
    case "requeued":
      return `${nameOf(event)} back in the queue: ${event.reason}`;
    case "settled":
      return `${nameOf(event)} ${event.outcome}`;
    case "deadLettered":
      return `${nameOf(event)} dead-lettered: ${event.reason}`;
    case "feedback":
      return `${event.deviceId} ${event.originalMessageId} feedback: ${event.statusCode}`;
    case "telemetry":
      return `${event.deviceId} telemetry${event.messageId ? ` ${event.messageId}` : ""} stored (partition ${event.partitionId}, #${event.sequenceNumber})`;
    case "feedbackDelivered":
      return `feedback batch ${event.batch} delivered, ${formatCount(event.records, "record")}`;
    case "feedbackSettled":
      return `feedback batch ${event.batch}: ${event.outcome}`;
  }
}

function nameOf(event: {
  readonly deviceId: string;
  readonly sequenceNumber: number;
  readonly messageId?: string;
}): string {
  return `${event.deviceId} #${event.sequenceNumber}${event.messageId ? ` ${event.messageId}` : ""}`;
}
