import { Chalk, type ChalkInstance } from "chalk";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { type ColorPreference, colorLevel } from "../../terminal/color-level.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { renderBody, renderProperties } from "../../text/message-text.ts";
import { type Arrival, toMessageRecord, toSystemRecord } from "./message-record.ts";

export function createMessageFormat(
  isJson: boolean,
  preference: ColorPreference,
): (message: ReceivedMessage, arrival: Arrival) => string {
  if (isJson) return (message, arrival) => formatJsonLine(toMessageRecord(message, arrival));
  const chalk = new Chalk({ level: colorLevel(preference) });
  return (message, arrival) => renderMessage(message, arrival, chalk);
}

export function renderMessage(
  message: ReceivedMessage,
  { n, isDuplicate }: Arrival,
  chalk: ChalkInstance,
): string {
  return [
    chalk.green("Message received:"),
    ...renderBody(message.body),
    "System properties:",
    ...renderProperties(toSystemRecord(message), chalk),
    "Application properties:",
    ...renderProperties(message.properties, chalk),
    ...(isDuplicate ? [chalk.yellow("Duplicate: already printed in this run")] : []),
    `Total calls received: ${n}`,
    "",
  ].join("\n");
}
