import { Chalk, type ChalkInstance } from "chalk";
import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import { type ColorPreference, colorLevel } from "../../terminal/color-level.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { formatCount } from "../../text/count.ts";
import { renderBody, renderProperties } from "../../text/message-text.ts";
import { toEventRecord, toEventSystemRecord } from "./event-record.ts";

/** `n` counts from 1. */
export type EventFormat = (event: ReceivedEvent, n: number) => string;

/** Events of a partition that the hub discarded before they could be read. */
export interface EventGap {
  readonly partitionId: string;
  readonly missing: number;
}

export function formatGap({ partitionId, missing }: EventGap, isJson: boolean): string {
  if (isJson) return formatJsonLine({ type: "gap", partitionId, missing });
  return `(${formatCount(missing, "event")} of partition ${escapeLine(partitionId)} not shown: no longer in the hub)\n`;
}

export function createEventFormat(isJson: boolean, preference: ColorPreference): EventFormat {
  if (isJson) return (event) => formatJsonLine(toEventRecord(event));
  const chalk = new Chalk({ level: colorLevel(preference) });
  return (event, n) => renderEvent(event, n, chalk);
}

function renderEvent(event: ReceivedEvent, n: number, chalk: ChalkInstance): string {
  return [
    chalk.green("Event received:"),
    ...renderBody(event.body),
    "System properties:",
    ...renderProperties(toEventSystemRecord(event), chalk),
    "Application properties:",
    ...renderProperties(event.properties, chalk),
    "Annotations:",
    ...renderProperties(event.annotations, chalk),
    `Total events received: ${n}`,
    "",
  ].join("\n");
}
