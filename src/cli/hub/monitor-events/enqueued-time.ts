/** `--enqueued-time`: since when events are wanted. */

import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../text/duration.ts";
import { parseTime, TIME_FORMS } from "../../text/time.ts";

/** Milliseconds since the epoch. A span such as `10m` means so long ago. */
export function parseEnqueuedTime(text: string): number {
  const timeMs = parseTime(text) ?? timeBefore(parseDuration(text));
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new InvalidArgumentError(`It must be ${TIME_FORMS}, or a duration such as 10m or PT10M.`);
}

/** A span that goes back beyond the epoch is as good as the epoch. */
function timeBefore(spanMs: number | undefined): number {
  return spanMs === undefined ? Number.NaN : Math.max(0, Date.now() - spanMs);
}
