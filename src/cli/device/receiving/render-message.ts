/** A received message as text, after the tutorial's device. */

import type { ChalkInstance } from "chalk";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { renderBody, renderProperties } from "../../text/message-text.ts";
import { type Arrival, toSystemRecord } from "./message-record.ts";

export function renderMessage(
  message: ReceivedMessage,
  { n, isDuplicate }: Arrival,
  chalk: ChalkInstance,
): string {
  return [
    chalk.green("Message received:"),
    ...renderBody(message.body),
    "System properties:",
    ...renderProperties({ ...toSystemRecord(message) }, chalk),
    "Application properties:",
    ...renderProperties(message.properties, chalk),
    ...(isDuplicate ? [chalk.yellow("Duplicate: already printed in this run")] : []),
    `Total calls received: ${n}`,
    "",
  ].join("\n");
}
