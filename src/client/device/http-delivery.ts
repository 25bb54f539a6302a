import { decodeHeaderName, decodeHeaderValue } from "../../core/header-text.ts";
import { ACKS, type SystemProperties } from "../../core/message.ts";
import type { ReceivedMessage } from "../connection/device-connection.ts";
import type { HttpAnswer } from "../sdk/device/http-device-base.ts";

const APPLICATION_PREFIX = "iothub-app-";

/** System names have no hyphens here (protocol of the device endpoint). */
const TEXT_HEADERS = {
  "iothub-messageid": "messageId",
  "iothub-correlationid": "correlationId",
  "iothub-userid": "userId",
  "iothub-to": "to",
  contenttype: "contentType",
  contentencoding: "contentEncoding",
} as const satisfies Record<string, keyof SystemProperties>;

/** A part of a response that cannot be decoded is kept unchanged and listed. */
export function toReceivedMessage({ rawHeaders, body }: HttpAnswer): ReceivedMessage {
  const system: Record<string, string | number> = {};
  const properties: [string, string][] = [];
  const malformed: string[] = [];
  const numbers: { enqueuedTimeUtcMs?: number; sequenceNumber?: number; deliveryCount?: number } =
    {};
  for (const [name, value] of pairs(rawHeaders)) {
    const known = name.toLowerCase();
    if (known.startsWith(APPLICATION_PREFIX)) {
      const encoded = name.slice(APPLICATION_PREFIX.length);
      properties.push([decodeName(encoded, malformed), decodeHeaderValue(value)]);
    } else if (Object.hasOwn(TEXT_HEADERS, known)) {
      system[TEXT_HEADERS[known as keyof typeof TEXT_HEADERS]] = decodeHeaderValue(value);
    } else if (known === "iothub-expiry") define(system, "expiryTimeUtcMs", Date.parse(value));
    else if (known === "iothub-enqueuedtime")
      define(numbers, "enqueuedTimeUtcMs", Date.parse(value));
    else if (known === "iothub-sequencenumber") define(numbers, "sequenceNumber", Number(value));
    else if (known === "iothub-deliverycount") define(numbers, "deliveryCount", Number(value));
    else if (known === "iothub-ack") {
      const ack = ACKS.find((one) => one === value.toLowerCase());
      if (ack) system.ack = ack;
    }
  }
  return {
    system: system as SystemProperties,
    properties: Object.fromEntries(properties),
    malformed,
    body,
    ...numbers,
    isRedelivered: (numbers.deliveryCount ?? 0) > 0,
  };
}

/** Names in their original case: Node's own headers object lower-cases them. */
function* pairs(rawHeaders: readonly string[]): Generator<[string, string]> {
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    yield [rawHeaders[at] ?? "", rawHeaders[at + 1] ?? ""];
  }
}

function define(target: Record<string, unknown>, name: string, value: number): void {
  if (!Number.isNaN(value)) target[name] = value;
}

function decodeName(encoded: string, malformed: string[]): string {
  const decoded = decodeHeaderName(encoded);
  if (decoded === undefined) malformed.push(encoded);
  return decoded ?? encoded;
}
