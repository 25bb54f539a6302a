/** External text is indented and escaped, so that it cannot fake our lines. */

import type { ChalkInstance } from "chalk";
import { escapeLine, escapeText } from "../terminal/escape.ts";
import { decodeUtf8 } from "./body-text.ts";

const INDENT = "    ";

export function renderBody(body: Uint8Array): readonly string[] {
  if (body.length === 0) return [`${INDENT}(empty)`];
  const text = decodeUtf8(body);
  if (text === undefined) {
    return [`${INDENT}(${body.length} bytes, base64) ${Buffer.from(body).toString("base64")}`];
  }
  return escapeText(text)
    .split("\n")
    .map((line) => `${INDENT}${line}`);
}

/** One line each; strings unchanged, null as no value, undefined omitted, anything else as JSON. */
export function renderProperties(
  properties: Readonly<Record<string, unknown>>,
  chalk: ChalkInstance,
): readonly string[] {
  const lines = Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => renderProperty(name, value, chalk));
  return lines.length > 0 ? lines : [`${INDENT}(none)`];
}

function renderProperty(name: string, value: unknown, chalk: ChalkInstance): string {
  const shownName = chalk.cyan(escapeLine(name));
  if (value === null) return `${INDENT}${shownName} (no value)`;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `${INDENT}${shownName}: ${escapeLine(text)}`;
}
