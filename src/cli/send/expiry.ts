import { UsageError } from "../terminal/usage-error.ts";
import { parseDuration } from "../text/duration.ts";
import { formatTime, parseTime } from "../text/time.ts";

export type Expiry =
  | { readonly type: "absolute"; readonly timeUtcMs: number }
  /** From the time each message is sent. */
  | { readonly type: "relative"; readonly ttlMs: number };

const HINT =
  "Use epoch milliseconds, ISO 8601 such as 2030-01-31T12:00:00Z, or a duration such as 90s or PT1H.";

/**
 * A bare number is epoch milliseconds; a time without a zone is UTC.
 *
 * @throws UsageError for any other form, and for a time in the past.
 */
export function parseExpiry(text: string, nowMs: number): Expiry {
  const timeUtcMs = parseTime(text);
  if (timeUtcMs !== undefined) {
    if (Number.isNaN(timeUtcMs)) throw new UsageError(`--expiry: '${text}' is not a time`, HINT);
    if (timeUtcMs > nowMs) return { type: "absolute", timeUtcMs };
    throw new UsageError(`--expiry: ${formatTime(timeUtcMs)} is in the past`, HINT);
  }
  const ttlMs = parseDuration(text);
  if (ttlMs === undefined) throw new UsageError(`--expiry: '${text}' is not a time`, HINT);
  if (ttlMs === 0) throw new UsageError("--expiry: the duration must be greater than 0", HINT);
  if (Number.isNaN(new Date(nowMs + ttlMs).getTime())) {
    throw new UsageError(`--expiry: '${text}' is too far in the future`, HINT);
  }
  return { type: "relative", ttlMs };
}

/** Milliseconds since the epoch, UTC. */
export function expiryTimeMs(expiry: Expiry, nowMs: number): number {
  return expiry.type === "absolute" ? expiry.timeUtcMs : nowMs + expiry.ttlMs;
}
