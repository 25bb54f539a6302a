/** `--format`: one line for each record, with values of its JSON form. */

import { escapeLine } from "../terminal/escape.ts";
import { formatJson } from "../terminal/json-line.ts";
import { UsageError } from "../terminal/usage-error.ts";
import { unescapeArgument } from "./escape-sequences.ts";
import { createTemplate, parseTemplate, type Template } from "./template.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

/** Keys whose values have names that come from outside. */
const MAPS = ["properties", "annotations"];

const WHOLE_RECORD = "json";

/** Up to the closing braces, whatever it is. */
const ANY_NAME = "(?:(?!\\}\\}).)*";

/** @throws UsageError for a name that is not one of the keys. */
export function compileRecordTemplate(text: string, keys: readonly string[]): Template<object> {
  const inMaps = mapsOf(keys).map((map) => `${map}\\.${ANY_NAME}`);
  const { texts, names } = parseTemplate(text, [...keys, WHOLE_RECORD, ...inMaps]);
  validateTexts(texts, keys);
  const parsed = { texts: texts.map(unescapeArgument), names };
  const fill = createTemplate<JsonRecord>(parsed, (name) => {
    const getValue = valueGetter(name);
    return (record) => formatValue(getValue(record));
  });
  return (record) => `${fill(record as JsonRecord)}\n`;
}

/** What can be between the braces. */
export function listTemplateNames(keys: readonly string[]): readonly string[] {
  return [...keys, ...mapsOf(keys).map((map) => `${map}.<name>`), WHOLE_RECORD];
}

function mapsOf(keys: readonly string[]): readonly string[] {
  return keys.filter((key) => MAPS.includes(key));
}

function validateTexts(texts: readonly string[], keys: readonly string[]): void {
  for (const text of texts) {
    const [unknown] = /\{\{.*?(\}\}|$)/s.exec(text) ?? [];
    if (unknown === undefined) continue;
    const isClosed = unknown.endsWith("}}");
    throw new UsageError(
      `--format: ${isClosed ? `${unknown} is not a key of the JSON form` : `'${unknown}' has no closing }}`}`,
      `Keys: ${listTemplateNames(keys).join(", ")}.`,
    );
  }
}

function valueGetter(name: string): (record: JsonRecord) => unknown {
  if (name === WHOLE_RECORD) return (record) => record;
  const dot = name.indexOf(".");
  if (dot < 0) return (record) => record[name];
  const map = name.slice(0, dot);
  const inside = name.slice(dot + 1);
  return (record) => pick(record[map] as JsonRecord, inside);
}

/** Spaces before the closing braces belong to the name, if there is such a name. */
function pick(values: JsonRecord, name: string): unknown {
  const key = Object.hasOwn(values, name) ? name : name.trimEnd();
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function formatValue(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" ? escapeLine(value) : formatJson(value);
}
