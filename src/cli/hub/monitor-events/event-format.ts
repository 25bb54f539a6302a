import { Chalk, type ChalkInstance } from "chalk";
import type { ReceivedEvent } from "../../../client/events/received-event.ts";
import type { OutputFormat } from "../../program/output-format.ts";
import { type ColorPreference, colorLevel } from "../../terminal/color-level.ts";
import { escapeLine } from "../../terminal/escape.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import type { OutputData } from "../../terminal/output.ts";
import { formatCount } from "../../text/count.ts";
import { renderBody, renderProperties } from "../../text/message-text.ts";
import { createRawFormat } from "../../text/raw-body.ts";
import { toEventRecord, toEventSystemRecord } from "./event-record.ts";

/** `n` counts from 1. */
export type EventFormat = (event: ReceivedEvent, n: number) => OutputData;

/** Events of a partition that the hub discarded before they could be read. */
export interface EventGap {
  readonly partitionId: string;
  readonly missing: number;
}

export function formatGapJson({ partitionId, missing }: EventGap): string {
  return formatJsonLine({ type: "gap", partitionId, missing });
}

export function describeGap({ partitionId, missing }: EventGap): string {
  return `${formatCount(missing, "event")} of partition ${escapeLine(partitionId)} not shown: no longer in the hub`;
}

export function createEventFormat(format: OutputFormat, preference: ColorPreference): EventFormat {
  switch (format.type) {
    case "json":
      return (event) => formatJsonLine(toEventRecord(event));
    case "template":
      return (event) => format.fill(toEventRecord(event));
    case "raw": {
      const toRaw = createRawFormat(format.separator, preference.isTTY);
      return ({ body }) => toRaw(body);
    }
    case "text": {
      const chalk = new Chalk({ level: colorLevel(preference) });
      return (event, n) => renderEvent(event, n, chalk);
    }
  }
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
