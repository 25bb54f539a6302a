/** Encodes `$` and `/` too: the C SDK relies on it. Decodes tolerantly (rule mqtt-properties). */

import { decodePercent, formatUtc } from "./encodings.ts";
import type {
  Message,
  PropertyValue,
  SystemProperties,
  Telemetry,
  TelemetryProperties,
} from "./message.ts";
import { ACKS, setProperty } from "./message.ts";

interface PropertyBag {
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** Parts with invalid percent-encoding, kept unchanged. */
  readonly malformed: readonly string[];
}

interface DeviceboundProperties extends PropertyBag {
  readonly system: SystemProperties;
}

/** Nothing to encode, as in most names and values. */
const UNRESERVED = /^[\w.~-]*$/;

const ACK_KEY = "iothub-ack";

const SYSTEM_KEYS = {
  "$.mid": "messageId",
  "$.cid": "correlationId",
  "$.uid": "userId",
  "$.to": "to",
  "$.ct": "contentType",
  "$.ce": "contentEncoding",
} as const;

/** With the keys as they are sent. */
const SYSTEM_FIELDS = Object.entries(SYSTEM_KEYS).map(
  ([key, field]) => [encode(key), field] as const,
);

const EXPIRY_KEY = "$.exp";

const TELEMETRY_KEYS = {
  "$.ifid": "interfaceId",
  "$.sub": "subject",
  "$.schema": "schema",
  "$.ctime": "creationTimeUtc",
} as const;

const ALL_KEYS = { ...SYSTEM_KEYS, ...TELEMETRY_KEYS };

/** `k` without `=` is a name without a value; the value is everything after the first `=`. */
export function decodePropertyBag(text: string): PropertyBag {
  const properties: Record<string, PropertyValue> = {};
  const malformed: string[] = [];
  const decode = (part: string): string => {
    const decoded = decodePercent(part);
    if (decoded === undefined) malformed.push(part);
    return decoded ?? part;
  };
  for (const part of trimBag(text).split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    setProperty(properties, name, equals < 0 ? null : decode(part.slice(equals + 1)));
  }
  return { properties, malformed };
}

export function encodePropertyBag(properties: Readonly<Record<string, PropertyValue>>): string {
  return Object.entries(properties)
    .map(([name, value]) => encodeEntry(name, value))
    .join("&");
}

function encodeEntry(name: string, value: PropertyValue): string {
  return value === null ? encode(name) : `${encode(name)}=${encode(value)}`;
}

/** @param to Instead of the sender's. */
export function encodeDeviceboundProperties(
  { system, properties }: Pick<Message, "system" | "properties">,
  to = system.to,
): string {
  let bag = "";
  for (const [key, field] of SYSTEM_FIELDS) {
    const value = field === "to" ? to : system[field];
    if (value !== undefined) bag += `&${key}=${encode(value)}`;
  }
  if (system.expiryTimeUtcMs !== undefined) {
    bag += `&${encode(EXPIRY_KEY)}=${encode(formatUtc(system.expiryTimeUtcMs))}`;
  }
  if (system.ack !== undefined) bag += `&${ACK_KEY}=${system.ack}`;
  for (const name in properties) {
    const value = properties[name];
    // A property must not be mistaken for the system property with that name.
    if (value !== undefined && !isSent(name, system, to)) bag += `&${encodeEntry(name, value)}`;
  }
  return bag.slice(1);
}

function isSent(name: string, system: SystemProperties, to: string | undefined): boolean {
  if (name === ACK_KEY) return system.ack !== undefined;
  if (!name.startsWith("$.")) return false;
  if (name === EXPIRY_KEY) return system.expiryTimeUtcMs !== undefined;
  const field = Object.hasOwn(SYSTEM_KEYS, name) && SYSTEM_KEYS[name as keyof typeof SYSTEM_KEYS];
  return field !== false && (field === "to" ? to : system[field]) !== undefined;
}

export function decodeDeviceboundProperties(text: string): DeviceboundProperties {
  return splitBag(text, (name, value) => {
    if (name !== ACK_KEY) return systemProperty(name, value, SYSTEM_KEYS);
    const ack = ACKS.find((one) => one === value);
    return ack && ["ack", ack];
  });
}

/** Here `iothub-ack` has no meaning: it is an application property (rule d2c-properties). */
export function decodeTelemetryProperties(text: string): Pick<Telemetry, "system" | "properties"> {
  const { system, properties } = splitBag(text, (name, value) =>
    systemProperty(name, value, ALL_KEYS),
  );
  return { system, properties };
}

type SystemEntry = readonly [keyof TelemetryProperties, string | number];

function splitBag(
  text: string,
  readSystem: (name: string, value: string) => SystemEntry | undefined,
): DeviceboundProperties {
  const { properties: all, malformed } = decodePropertyBag(text);
  const system: Record<string, string | number> = {};
  const properties: Record<string, PropertyValue> = {};
  for (const [name, value] of Object.entries(all)) {
    const known = value === null ? undefined : readSystem(name, value);
    if (known) system[known[0]] = known[1];
    else setProperty(properties, name, value);
  }
  return { system: system as SystemProperties, properties, malformed };
}

function systemProperty(
  name: string,
  value: string,
  keys: Readonly<Record<string, keyof TelemetryProperties>>,
): SystemEntry | undefined {
  if (name === EXPIRY_KEY) {
    const expiryTimeUtcMs = Date.parse(value);
    return Number.isNaN(expiryTimeUtcMs) ? undefined : ["expiryTimeUtcMs", expiryTimeUtcMs];
  }
  const field = Object.hasOwn(keys, name) ? keys[name] : undefined;
  return field && [field, value];
}

/** Microsoft's samples start with `?`, and some clients end with `/`. */
function trimBag(text: string): string {
  return text.replace(/^\?/, "").replace(/\/$/, "");
}

/** encodeURIComponent does not encode `!'()*`, which RFC 3986 reserves. */
function encode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
