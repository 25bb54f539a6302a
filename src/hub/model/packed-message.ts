import type { Message, PropertyValue, SystemProperties } from "../../core/message.ts";
import { boundOfText, type PackedBytes } from "./packed-bytes.ts";

/** System properties are texts, but for one: it has its own place. */
type Texts = Readonly<Record<string, PropertyValue>>;

const EXPIRY = "expiryTimeUtcMs";

/** Of numbers and lengths. */
const OTHER_BYTES = 32;

export function boundOfMessage({ system, properties, body }: Message): number {
  return OTHER_BYTES + boundOfTexts(system as Texts) + boundOfTexts(properties) + body.length;
}

export function putMessage(packed: PackedBytes, { system, properties, body }: Message): void {
  packed.putNumber(system.expiryTimeUtcMs ?? Number.NaN);
  putTexts(packed, system as Texts);
  putTexts(packed, properties);
  packed.putBytes(body);
}

export function takeMessage(packed: PackedBytes): Message {
  const expiryTimeUtcMs = packed.takeNumber();
  const texts = takeTexts(packed) as SystemProperties;
  const system = Number.isNaN(expiryTimeUtcMs) ? texts : { ...texts, expiryTimeUtcMs };
  return { system, properties: takeTexts(packed), body: packed.takeBytes() };
}

function boundOfTexts(texts: Texts): number {
  let bound = 0;
  for (const name in texts) {
    if (name !== EXPIRY) bound += boundOfText(name) + boundOfText(texts[name]);
  }
  return bound;
}

function putTexts(packed: PackedBytes, texts: Texts): void {
  for (const name in texts) {
    if (name === EXPIRY) continue;
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
