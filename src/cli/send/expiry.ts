/** `--expiry`: when a message is to be given up. */

import { parseDuration } from "../duration.ts";
import { UsageError } from "../usage-error.ts";

export type Expiry =
  | { readonly type: "absolute"; readonly timeUtcMs: number }
  /** From the sending of each message. */
  | { readonly type: "relative"; readonly ttlMs: number };

const HINT =
  "Give epoch milliseconds, ISO 8601 such as 2030-01-31T12:00:00Z, or a span such as 90s or PT1H.";

const ISO_8601 = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * A bare number is epoch milliseconds; a time without zone is UTC.
 *
 * @throws UsageError for what is none of the three forms, and for the past.
 */
export function parseExpiry(text: string, nowMs: number): Expiry {
  const timeUtcMs = parseTime(text);
  if (timeUtcMs !== undefined) {
    if (timeUtcMs > nowMs) return { type: "absolute", timeUtcMs };
    throw new UsageError(`--expiry: ${formatTime(timeUtcMs)} is in the past`, HINT);
  }
  const ttlMs = parseDuration(text);
  if (ttlMs === undefined) throw new UsageError(`--expiry: '${text}' is not a time`, HINT);
  if (ttlMs === 0) throw new UsageError("--expiry: the span must be longer than 0", HINT);
  if (Number.isNaN(new Date(nowMs + ttlMs).getTime())) {
    throw new UsageError(`--expiry: '${text}' is too far away`, HINT);
  }
  return { type: "relative", ttlMs };
}

/** Milliseconds since the epoch, UTC. */
export function expiryTimeMs(expiry: Expiry, nowMs: number): number {
  return expiry.type === "absolute" ? expiry.timeUtcMs : nowMs + expiry.ttlMs;
}

function parseTime(text: string): number | undefined {
  if (/^\d+$/.test(text)) return requireDate(Number(text), text);
  if (!ISO_8601.test(text)) return undefined;
  const isZoned = /(Z|[+-]\d\d:?\d\d)$/i.test(text.slice(10));
  return requireDate(Date.parse(isZoned || text.length === 10 ? text : `${text}Z`), text);
}

function requireDate(timeMs: number, text: string): number {
  if (!Number.isNaN(new Date(timeMs).getTime())) return timeMs;
  throw new UsageError(`--expiry: '${text}' is not a time`, HINT);
}

function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
