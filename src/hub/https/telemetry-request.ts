/** One message in headers and body, or several in JSON. */

import { decodeHeaderName, decodeHeaderValue } from "../../core/header-text.ts";
import { HubError } from "../../core/hub-error.ts";
import type { PropertyValue, Telemetry, TelemetryProperties } from "../../core/message.ts";
import { isObject, parseJson } from "./json-body.ts";

const BATCH_CONTENT_TYPE = "application/vnd.microsoft.iothub.json";

/** Headers in lower case, by telemetry field (rule d2c-https). */
const SYSTEM_HEADERS = {
  "iothub-messageid": "messageId",
  "iothub-correlationid": "correlationId",
  "iothub-userid": "userId",
  "iothub-to": "to",
  "iothub-contenttype": "contentType",
  "iothub-contentencoding": "contentEncoding",
  "iothub-interface-id": "interfaceId",
  "iothub-creationtimeutc": "creationTimeUtc",
  "dt-subject": "subject",
} as const satisfies Record<string, keyof TelemetryProperties>;

const EXPIRY_HEADER = "iothub-expiry";
const APPLICATION_PREFIX = "iothub-app-";

/** @param rawHeaders Names, whose case property names keep, each followed by its value. */
export function toTelemetry(rawHeaders: readonly string[], body: Uint8Array): Telemetry {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    headers.push([decodeHeaderName(name) ?? name, decodeHeaderValue(value)]);
  }
  return { ...readProperties(headers), body };
}

export function isTelemetryBatch(contentType: string | undefined): boolean {
  return contentType?.split(";")[0]?.trim().toLowerCase() === BATCH_CONTENT_TYPE;
}

/**
 * `[{"body":"<base64>","properties":{"iothub-app-name":"value"}}]`; with `"base64Encoded":false`
 * the body is text (rule d2c-https-batch).
 * @throws HubError ArgumentInvalid for anything else.
 */
export function parseTelemetryBatch(body: Uint8Array): Telemetry[] {
  const batch = parseJson(body);
  if (!Array.isArray(batch) || batch.length === 0) throw notABatch();
  return batch.map(parseBatched);
}

function parseBatched(item: unknown): Telemetry {
  if (!isObject(item) || typeof item.body !== "string") throw notABatch();
  const { body, base64Encoded = true, properties = {} } = item;
  if (!isObject(properties) || typeof base64Encoded !== "boolean") throw notABatch();
  const headers = Object.entries(properties).map(([name, value]): [string, string] => {
    if (typeof value === "string") return [name, value];
    throw new HubError("ArgumentInvalid", `The property '${name}' is not a string.`);
  });
  const bytes = base64Encoded ? parseBase64(body) : Buffer.from(body);
  return { ...readProperties(headers), body: bytes };
}

/** Node's own decoder skips invalid characters. */
function parseBase64(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  const isWhole = text.length % 4 === 0 && bytes.length === Buffer.byteLength(text, "base64");
  if (isWhole) return bytes;
  throw new HubError("ArgumentInvalid", "The body of a message in the batch is not base64.");
}

function readProperties(
  headers: readonly (readonly [string, string])[],
): Pick<Telemetry, "system" | "properties"> {
  const system: Record<string, string | number> = {};
  const properties: [string, PropertyValue][] = [];
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    if (key.startsWith(APPLICATION_PREFIX)) {
      properties.push([name.slice(APPLICATION_PREFIX.length), value]);
    } else if (key === EXPIRY_HEADER) {
      system.expiryTimeUtcMs = parseExpiry(value);
    } else if (Object.hasOwn(SYSTEM_HEADERS, key)) {
      system[SYSTEM_HEADERS[key as keyof typeof SYSTEM_HEADERS]] = value;
    }
  }
  return { system, properties: Object.fromEntries(properties) };
}

/** Milliseconds since the epoch, or a date string. */
function parseExpiry(text: string): number {
  const timeMs = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new HubError("ArgumentInvalid", "The expiry time is not a valid time.");
}

function notABatch(): HubError {
  return new HubError(
    "ArgumentInvalid",
    'A batch is a JSON array of {"body":"<base64>","properties":{"iothub-app-<name>":"<value>"}}.',
  );
}
