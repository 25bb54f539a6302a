import type { HubEvent } from "../../../hub/model/events.ts";
import { formatJsonLine } from "../../terminal/json-line.ts";
import { formatCount } from "../../text/count.ts";
import { decodeBody, type EncodedBody, viewEncodedBody } from "../../text/encoded-body.ts";
import { formatHubEvent } from "../../text/hub-event-text.ts";
import { renderBody } from "../../text/message-text.ts";

/** As the hub sends them; the first one of a response is `LogStart`. */
export type LogLine = LogStart | LogGap | LoggedEvent;

interface LogStart {
  /** Of the hub, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** The number of the last event that is left out. */
  readonly after: number;
}

interface LogGap {
  readonly gap: {
    readonly untilUtc: string;
    /** Absent if unknown. */
    readonly missing?: number;
  };
}

export interface LoggedEvent extends EncodedBody {
  readonly number: number;
  readonly time: string;
  readonly event: HubEvent;
}

export function formatGap({ gap }: LogGap, isJson: boolean): string {
  if (isJson) return formatJsonLine({ type: "gap", ...gap });
  const { missing, untilUtc } = gap;
  if (missing === undefined) return `(no events before ${untilUtc})\n`;
  return `(${formatCount(missing, "event")} before ${untilUtc} not shown: no longer in the hub)\n`;
}

export function formatLogged(line: LoggedEvent, isJson: boolean): string {
  const { event, time } = line;
  if (isJson) return formatJsonLine({ ...event, time, ...viewEncodedBody(line) });
  const body = decodeBody(line);
  const rows = [`${time} ${formatHubEvent(event)}`, ...(body ? renderBody(body) : [])];
  return `${rows.join("\n")}\n`;
}
