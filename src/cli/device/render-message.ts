/** A received message as text, after the tutorial's device. */

import type { ChalkInstance } from "chalk";
import type { ReceivedMessage } from "../../client/device-connection.ts";
import { decodeUtf8 } from "../body-text.ts";
import { escapeLine, escapeText } from "../escape.ts";
import { type Arrival, toSystemRecord } from "./message-record.ts";

const INDENT = "    ";

/** Foreign text is indented and escaped, so that no body can pass for a line of ours. */
export function renderMessage(
  message: ReceivedMessage,
  { n, isDuplicate }: Arrival,
  chalk: ChalkInstance,
): string {
  const system = Object.entries(toSystemRecord(message)).map(([name, value]) =>
    renderProperty(name, String(value), chalk),
  );
  const application = Object.entries(message.properties).map(([name, value]) =>
    renderProperty(name, value, chalk),
  );
  return [
    "",
    chalk.green("Message received:"),
    ...renderBody(message.body),
    "System properties:",
    ...orNone(system),
    "Application properties:",
    ...orNone(application),
    ...(isDuplicate ? [chalk.yellow("Delivered again: printed before in this run")] : []),
    `Total calls received: ${n}`,
    "",
  ].join("\n");
}

function renderBody(body: Uint8Array): string[] {
  if (body.length === 0) return [`${INDENT}(empty)`];
  const text = decodeUtf8(body);
  if (text === undefined) {
    return [`${INDENT}(${body.length} bytes, base64) ${Buffer.from(body).toString("base64")}`];
  }
  return escapeText(text)
    .split("\n")
    .map((line) => `${INDENT}${line}`);
}

function renderProperty(name: string, value: string | null, chalk: ChalkInstance): string {
  const shownName = chalk.cyan(escapeLine(name));
  return value === null
    ? `${INDENT}${shownName} (no value)`
    : `${INDENT}${shownName}: ${escapeLine(value)}`;
}

function orNone(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? lines : [`${INDENT}(none)`];
}
