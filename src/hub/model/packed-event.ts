import type { HubEvent, MessageRef } from "./events.ts";
import { boundOfText, type PackedBytes } from "./packed-bytes.ts";

type Fields<E> = E extends HubEvent
  ? { readonly [K in Exclude<keyof E, "type">]-?: E[K] extends number ? "number" : "text" }
  : never;

/** In the order in which they are packed. */
const FIELDS: { readonly [T in HubEvent["type"]]: Fields<Extract<HubEvent, { type: T }>> } = {
  enqueued: ofMessage({ expiryTimeUtc: "text" }),
  delivered: ofMessage({ deliveryCount: "number" }),
  settled: ofMessage({ outcome: "text" }),
  requeued: ofMessage({ reason: "text" }),
  deadLettered: ofMessage({ reason: "text" }),
  telemetry: ofMessage({ partitionId: "text" }),
  feedback: {
    originalMessageId: "text",
    deviceId: "text",
    deviceGenerationId: "text",
    statusCode: "text",
    enqueuedTimeUtc: "text",
  },
  feedbackDelivered: { batch: "number", records: "number" },
  feedbackSettled: { batch: "number", outcome: "text" },
  deviceConnected: { deviceId: "text", protocol: "text" },
  deviceDisconnected: { deviceId: "text", protocol: "text", reason: "text" },
  connectionRefused: { protocol: "text", name: "text", reason: "text" },
  handshakeFailed: {
    remoteAddress: "text",
    cause: "text",
    reason: "text",
    hint: "text",
    count: "number",
  },
};

function ofMessage<Last>(last: Last) {
  return { deviceId: "text", sequenceNumber: "number", messageId: "text", ...last } as const;
}

const TYPES = Object.keys(FIELDS) as readonly HubEvent["type"][];

const LAYOUTS = TYPES.map((type) => Object.entries<"number" | "text">(FIELDS[type]));

const CODES = Object.fromEntries(TYPES.map((type, code) => [type, code])) as Readonly<
  Record<HubEvent["type"], number>
>;

/** Of any event, without the text that may come from outside: ids are short. */
const MAX_EVENT_BYTES = 4096;

export function boundOfEvent(event: HubEvent): number {
  switch (event.type) {
    case "deviceDisconnected":
    case "connectionRefused":
    case "handshakeFailed":
      return MAX_EVENT_BYTES + boundOfText(event.reason);
    default:
      return MAX_EVENT_BYTES;
  }
}

export function putEvent(packed: PackedBytes, event: HubEvent): void {
  // Most events are of a message: to go through their fields by name would take twice as long.
  switch (event.type) {
    case "enqueued":
      putMessageRef(packed, CODES.enqueued, event);
      packed.putText(event.expiryTimeUtc);
      break;
    case "delivered":
      putMessageRef(packed, CODES.delivered, event);
      packed.putNumber(event.deliveryCount);
      break;
    case "settled":
      putMessageRef(packed, CODES.settled, event);
      packed.putText(event.outcome);
      break;
    case "telemetry":
      putMessageRef(packed, CODES.telemetry, event);
      packed.putText(event.partitionId);
      break;
    default:
      putFields(packed, event);
  }
}

function putMessageRef(packed: PackedBytes, code: number, event: MessageRef): void {
  packed.putLength(code);
  packed.putText(event.deviceId);
  packed.putNumber(event.sequenceNumber);
  packed.putText(event.messageId);
}

function putFields(packed: PackedBytes, event: HubEvent): void {
  const code = CODES[event.type];
  const values = event as unknown as Readonly<Record<string, number & string>>;
  packed.putLength(code);
  for (const [name, kind] of LAYOUTS[code] ?? []) {
    if (kind === "number") packed.putNumber(values[name] ?? 0);
    else packed.putText(values[name]);
  }
}

/** Alone, for those who only count: the event itself would have to be built. */
export function takeEventType(packed: PackedBytes): HubEvent["type"] | undefined {
  return TYPES[packed.takeLength()];
}

export function takeEvent(packed: PackedBytes): HubEvent {
  const code = packed.takeLength();
  const event: Record<string, unknown> = { type: TYPES[code] };
  for (const [name, kind] of LAYOUTS[code] ?? []) {
    const value = kind === "number" ? packed.takeNumber() : packed.takeText();
    if (value !== undefined) event[name] = value;
  }
  return event as unknown as HubEvent;
}
