import { asBuffer, formatUtc } from "../../../core/encodings.ts";
import { HubError } from "../../../core/hub-error.ts";
import type { Message, SystemProperties, TelemetryProperties } from "../../../core/message.ts";
import { deviceboundTo } from "../../../core/resource-path.ts";
import type { RecordedEvent } from "../../model/event-ring.ts";
import { type MessagePlace, parseEventKey, parseMessageKey } from "../content-keys.ts";
import type { PageServices } from "../page-services.ts";
import type { ContentView } from "../page-types.ts";

type ContentServices = Pick<PageServices, "cloudToDevice" | "registry" | "ring">;

type Facts = Readonly<Record<string, string | number | undefined>>;

/** What events are given by Event Hubs clients. */
const TELEMETRY_NAMES: Readonly<Record<string, string>> = {
  interfaceId: "iothub-interface-name",
  subject: "dt-subject",
  schema: "dt-dataschema",
  creationTimeUtc: "iothub-creation-time-utc",
} satisfies Partial<Record<keyof TelemetryProperties, string>>;

const NOT_SHOWN: readonly string[] = ["messageIdType", "correlationIdType", "expiryTimeUtcMs"];

/** @throws HubError MessagingEntityNotFound once it is no longer kept. */
export function readMessage(key: string, services: ContentServices): ContentView {
  const place = parseMessageKey(key);
  const found = place && (findInRing(place, services) ?? findInQueue(place, services));
  return found ?? notKept();
}

/** @throws HubError MessagingEntityNotFound once it is no longer kept. */
export function readEvent(key: string, { ring }: ContentServices): ContentView {
  const number = parseEventKey(key);
  const recorded = number === undefined ? undefined : readAt(ring, number);
  const { event, message, timeMs = 0 } = recorded ?? {};
  if (event?.type !== "telemetry" || message === undefined) return notKept();
  const { partitionId, sequenceNumber } = event;
  return toContent(message, { enqueuedTimeUtc: formatUtc(timeMs), partitionId, sequenceNumber });
}

function findInRing(place: MessagePlace, { ring }: ContentServices): ContentView | undefined {
  const { event, message } = (place.number && readAt(ring, place.number)) || {};
  if (event?.type !== "enqueued" || message === undefined) return undefined;
  const { deviceId, sequenceNumber, expiryTimeUtc } = event;
  if (deviceId !== place.deviceId || sequenceNumber !== place.sequenceNumber) return undefined;
  const enqueuedTimeUtc = formatUtc(place.timeMs);
  return toContent(message, {
    to: deviceboundTo(deviceId),
    sequenceNumber,
    enqueuedTimeUtc,
    expiryTimeUtc,
  });
}

/** A device that was deleted and created again numbers its messages from 1 again, later. */
function findInQueue(
  { deviceId, sequenceNumber, timeMs }: MessagePlace,
  { cloudToDevice, registry }: ContentServices,
): ContentView | undefined {
  if (registry.find(deviceId) === undefined) return undefined;
  for (const entry of cloudToDevice.entriesOf(deviceId)) {
    if (entry.sequenceNumber !== sequenceNumber || entry.enqueuedTimeMs > timeMs) continue;
    return toContent(entry.payload, {
      to: deviceboundTo(deviceId),
      sequenceNumber,
      enqueuedTimeUtc: formatUtc(entry.enqueuedTimeMs),
      expiryTimeUtc: formatUtc(entry.expiryTimeMs),
      deliveryCount: entry.deliveryCount,
    });
  }
  return undefined;
}

function readAt(ring: ContentServices["ring"], number: number): RecordedEvent | undefined {
  const recorded = ring.read(ring.cursorAt(number));
  return recorded?.number === number ? recorded : undefined;
}

function toContent({ system, properties, body }: Message, facts: Facts): ContentView {
  const names = Object.entries(properties).map(([name, value]) => [name, value ?? ""]);
  return {
    body: asBuffer(body).toString("base64"),
    bytes: body.length,
    system: describeSystem(system, facts),
    properties: Object.fromEntries(names),
  };
}

function describeSystem(system: SystemProperties, facts: Facts): Record<string, string> {
  const given = Object.entries(system)
    .filter(([name]) => !NOT_SHOWN.includes(name))
    .map(([name, value]) => [TELEMETRY_NAMES[name] ?? name, value]);
  const all = Object.entries({ ...facts, ...Object.fromEntries(given) });
  return Object.fromEntries(
    all.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  );
}

function notKept(): never {
  throw new HubError(
    "MessagingEntityNotFound",
    "Its content is no longer kept: newer messages have taken its place.",
  );
}
