/** Encodes `$` and `/` too: the C SDK relies on it. Decodes tolerantly (rule mqtt-properties). */

import type {
  Message,
  PropertyValue,
  SystemProperties,
  Telemetry,
  TelemetryProperties,
} from "./message.ts";
import { ACKS } from "./message.ts";
import { decodePercent } from "./percent-encoding.ts";

interface PropertyBag {
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** Parts with invalid percent-encoding, kept unchanged. */
  readonly malformed: readonly string[];
}

interface DeviceboundProperties extends PropertyBag {
  readonly system: SystemProperties;
}

const ACK_KEY = "iothub-ack";

const SYSTEM_KEYS = {
  "$.mid": "messageId",
  "$.cid": "correlationId",
  "$.uid": "userId",
  "$.to": "to",
  "$.ct": "contentType",
  "$.ce": "contentEncoding",
} as const;

const SYSTEM_FIELDS = Object.entries(SYSTEM_KEYS);

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
    define(properties, name, equals < 0 ? null : decode(part.slice(equals + 1)));
  }
  return { properties, malformed };
}

export function encodePropertyBag(properties: Readonly<Record<string, PropertyValue>>): string {
  return encodeEntries(Object.entries(properties));
}

function encodeEntries(entries: readonly (readonly [string, PropertyValue])[]): string {
  return entries
    .map(([name, value]) => (value === null ? encode(name) : `${encode(name)}=${encode(value)}`))
    .join("&");
}

export function encodeDeviceboundProperties({ system, properties }: Message): string {
  const bag = new Map<string, PropertyValue>();
  for (const [key, field] of SYSTEM_FIELDS) {
    const value = system[field];
    if (value !== undefined) bag.set(key, value);
  }
  if (system.expiryTimeUtcMs !== undefined) {
    bag.set(EXPIRY_KEY, new Date(system.expiryTimeUtcMs).toISOString());
  }
  if (system.ack !== undefined) bag.set(ACK_KEY, system.ack);
  for (const [name, value] of Object.entries(properties)) {
    // A property must not be mistaken for the system property with that name.
    if (!bag.has(name)) bag.set(name, value);
  }
  return encodeEntries([...bag]);
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
    else define(properties, name, value);
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

/** Nothing to encode, as in most names and values. */
const UNRESERVED = /^[\w.~-]*$/;

/** encodeURIComponent does not encode `!'()*`, which RFC 3986 reserves. */
function encode(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Plain assignment to `__proto__` would not create a property. */
function define(target: Record<string, PropertyValue>, name: string, value: PropertyValue): void {
  if (name !== "__proto__") {
    target[name] = value;
    return;
  }
  Object.defineProperty(target, name, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}
