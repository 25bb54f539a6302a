/** Numbers and times for people. */

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const COUNT = new Intl.NumberFormat("en");
const DAY = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });

export function formatCount(value: number): string {
  return COUNT.format(value);
}

/** "1 message", "3 messages". */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** As on this computer's clock: "12:03:04.123", with the day if it is not today. */
export function formatTime(timeMs: number, nowMs: number): string {
  const time = new Date(timeMs);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(twoDigits).join(":");
  if (time.toDateString() !== new Date(nowMs).toDateString()) return `${DAY.format(time)} ${clock}`;
  return `${clock}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

export function formatAgo(timeMs: number, nowMs: number): string {
  const elapsedMs = nowMs - timeMs;
  return elapsedMs < 2 * SECOND_MS ? "just now" : `${formatSpan(elapsedMs)} ago`;
}

/** "840 ms", "12 s", "3 min". */
export function formatSpan(spanMs: number): string {
  if (spanMs < SECOND_MS) return `${Math.max(0, Math.round(spanMs))} ms`;
  const tenths = Math.round(spanMs / 100);
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(spanMs / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  const roundedMs = seconds * SECOND_MS;
  if (roundedMs < HOUR_MS) return `${Math.floor(roundedMs / MINUTE_MS)} min`;
  if (roundedMs < DAY_MS) return `${Math.floor(roundedMs / HOUR_MS)} h`;
  return countOf(Math.floor(roundedMs / DAY_MS), "day");
}

export function formatBytes(bytes: number): string {
  return bytes < 1024 ? countOf(bytes, "byte") : `${(bytes / 1024).toFixed(1)} KiB`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
