import { Chalk, type ChalkInstance } from "chalk";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import { type ColorPreference, colorLevel } from "../../terminal/color-level.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import type { OutputData } from "../../terminal/output.ts";
import { separate } from "../../terminal/paragraph.ts";
import { renderBody, renderProperties } from "../../text/message-text.ts";
import { createRawFormat } from "../../text/raw-body.ts";
import { type Arrival, toMessageRecord, toSystemRecord } from "./message-record.ts";

export type MessageFormat = (message: ReceivedMessage, arrival: Arrival) => OutputData;

export function createMessageFormat(
  format: OutputFormat,
  preference: ColorPreference,
): MessageFormat {
  switch (format.type) {
    case "json":
      return (message, arrival) => formatJsonLine(toMessageRecord(message, arrival));
    case "template":
      return (message, arrival) => format.fill(toMessageRecord(message, arrival));
    case "raw": {
      const toRaw = createRawFormat(format.separator, preference.isTTY);
      return ({ body }) => toRaw(body);
    }
    case "text": {
      const chalk = new Chalk({ level: colorLevel(preference) });
      return (message, arrival) => renderMessage(message, arrival, chalk);
    }
  }
}

/** What one write holds; blocks of text have an empty line between them. */
export function joinMessages(
  messages: readonly OutputData[],
  { type }: OutputFormat,
  { hasText }: { readonly hasText: boolean },
): OutputData {
  if (type === "text") return separate(messages.join("\n"), { hasText });
  if (messages.every((one) => typeof one === "string")) return messages.join("");
  return Buffer.concat(messages.map((one) => (typeof one === "string" ? Buffer.from(one) : one)));
}

export function renderMessage(
  message: ReceivedMessage,
  { n, isDuplicate, file }: Arrival,
  chalk: ChalkInstance,
): string {
  return [
    chalk.green("Message received:"),
    ...(file === undefined ? renderBody(message.body) : renderFile(message.body, file)),
    "System properties:",
    ...renderProperties(toSystemRecord(message), chalk),
    "Application properties:",
    ...renderProperties(message.properties, chalk),
    ...(isDuplicate ? [chalk.yellow("Duplicate: already printed in this run")] : []),
    `Total calls received: ${n}`,
    "",
  ].join("\n");
}

function renderFile({ length }: Uint8Array, file: string): readonly string[] {
  return [`    (${length} bytes, saved in ${escapeLine(file)})`];
}
