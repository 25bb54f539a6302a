import type {
  Message,
  PropertyValue,
  SystemProperties,
  TelemetryProperties,
} from "../../core/message.ts";
import { boundOfText, LENGTH_BYTES, type PackedBytes } from "./packed-bytes.ts";

type Texts = Readonly<Record<string, PropertyValue>>;

/** System properties are texts, but for one: it has its own place. */
const EXPIRY = "expiryTimeUtcMs";

type TextName = Exclude<keyof TelemetryProperties, typeof EXPIRY>;

/** By their places in it they are packed. */
const NAMES = Object.keys({
  messageId: true,
  messageIdType: true,
  correlationId: true,
  correlationIdType: true,
  userId: true,
  to: true,
  contentType: true,
  contentEncoding: true,
  ack: true,
  interfaceId: true,
  subject: true,
  schema: true,
  creationTimeUtc: true,
} satisfies Record<TextName, true>);

const CODES: ReadonlyMap<string, number> = new Map(NAMES.map((name, code) => [name, code]));

/** After the last system property. */
const END = NAMES.length;

/** Of numbers and lengths. */
const OTHER_BYTES = 32;

export function boundOfMessage({ system, properties, body }: Message): number {
  return OTHER_BYTES + boundOfSystem(system as Texts) + boundOfTexts(properties) + body.length;
}

/** @param messageId That of the event, which has been packed. */
export function putMessage(
  packed: PackedBytes,
  { system, properties, body }: Message,
  messageId: string | undefined,
): void {
  packed.putNumber(system.expiryTimeUtcMs ?? Number.NaN);
  putSystem(packed, system as Texts, messageId);
  putTexts(packed, properties);
  packed.putBytes(body);
}

export function takeMessage(packed: PackedBytes, messageId: string | undefined): Message {
  const expiryTimeUtcMs = packed.takeNumber();
  const texts = takeSystem(packed, messageId);
  const system = Number.isNaN(expiryTimeUtcMs) ? texts : { ...texts, expiryTimeUtcMs };
  return { system, properties: takeTexts(packed), body: packed.takeBytes() };
}

function boundOfSystem(texts: Texts): number {
  let bound = 0;
  for (const name in texts) {
    if (name !== EXPIRY) bound += LENGTH_BYTES + boundOfText(texts[name]);
  }
  return bound;
}

function boundOfTexts(texts: Texts): number {
  let bound = 0;
  for (const name in texts) bound += boundOfText(name) + boundOfText(texts[name]);
  return bound;
}

function putSystem(packed: PackedBytes, texts: Texts, messageId: string | undefined): void {
  for (const name in texts) {
    const code = CODES.get(name);
    if (code === undefined) continue;
    packed.putLength(code);
    if (name !== "messageId" || messageId === undefined) packed.putText(texts[name]);
  }
  packed.putLength(END);
}

function takeSystem(packed: PackedBytes, messageId: string | undefined): SystemProperties {
  const texts: Record<string, string | undefined> = {};
  for (let name = NAMES[packed.takeLength()]; name; name = NAMES[packed.takeLength()]) {
    texts[name] = name === "messageId" && messageId !== undefined ? messageId : packed.takeText();
  }
  return texts as SystemProperties;
}

function putTexts(packed: PackedBytes, texts: Texts): void {
  for (const name in texts) {
    packed.putText(name);
    packed.putText(texts[name]);
  }
  packed.putText(undefined);
}

function takeTexts(packed: PackedBytes): Record<string, PropertyValue> {
  const texts: [string, PropertyValue][] = [];
  for (let name = packed.takeText(); name !== undefined; name = packed.takeText()) {
    texts.push([name, packed.takeText() ?? null]);
  }
  // Unlike an assignment, this takes `__proto__` as a name like any other.
  return Object.fromEntries(texts);
}
