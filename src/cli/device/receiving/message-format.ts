/** A received message as what is written out: text or a line of JSON. */

import { Chalk } from "chalk";
import type { ReceivedMessage } from "../../../client/connection/device-connection.ts";
import { type ColorWish, colorLevel } from "../../terminal/color-level.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { type Arrival, toMessageRecord } from "./message-record.ts";
import { renderMessage } from "./render-message.ts";

export type MessageFormat = (message: ReceivedMessage, arrival: Arrival) => string;

export function createMessageFormat(isJson: boolean, wish: ColorWish): MessageFormat {
  if (isJson) return (message, arrival) => formatJsonLine(toMessageRecord(message, arrival));
  const chalk = new Chalk({ level: colorLevel(wish) });
  return (message, arrival) => renderMessage(message, arrival, chalk);
}
