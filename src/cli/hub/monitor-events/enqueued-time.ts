import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../text/duration.ts";
import { parseTime, TIME_FORMS } from "../../text/time.ts";

/** Milliseconds since the epoch. A duration such as `10m` means that long ago. */
export function parseEnqueuedTime(text: string): number {
  const timeMs = parseTime(text) ?? timeBefore(parseDuration(text));
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new InvalidArgumentError(`It must be ${TIME_FORMS}, or a duration such as 10m or PT10M.`);
}

function timeBefore(spanMs: number | undefined): number {
  return spanMs === undefined ? Number.NaN : Math.max(0, Date.now() - spanMs);
}
