import { formatUtc } from "../../core/encodings.ts";

export const TIME_FORMS = "epoch milliseconds, or ISO 8601 such as 2030-01-31T12:00:00Z";

const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * Milliseconds since the epoch; NaN for the form of a time that does not exist, undefined for any
 * other text. A bare number is milliseconds; a time without a zone is UTC.
 */
export function parseTime(text: string): number | undefined {
  if (/^\d+$/.test(text)) return toDateMs(Number(text));
  if (!ISO_8601.test(text)) return undefined;
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10));
  return toDateMs(Date.parse(isZoned || text.length === 10 ? text : `${text}Z`));
}

/** ISO 8601, UTC. */
export function formatTime(timeMs: number): string;
export function formatTime(timeMs: number | undefined): string | undefined;
export function formatTime(timeMs: number | undefined): string | undefined {
  return timeMs === undefined ? undefined : formatUtc(timeMs);
}

function toDateMs(timeMs: number): number {
  return new Date(timeMs).getTime();
}
