let last = { timeMs: Number.NaN, text: "" };

/** ISO 8601. Under load, many events have the same time, and formatting is slow. */
export function formatUtc(timeMs: number): string {
  if (last.timeMs !== timeMs) last = { timeMs, text: new Date(timeMs).toISOString() };
  return last.text;
}
