import { formatAgo, formatTime } from "./format.ts";

interface Properties {
  readonly timeMs: number;
  readonly nowMs: number;
}

export function Time({ timeMs, nowMs }: Properties) {
  const exact = new Date(timeMs).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {formatTime(timeMs, nowMs)}
    </time>
  );
}

export function Ago({ timeMs, nowMs }: Properties) {
  const exact = new Date(timeMs).toISOString();
  return (
    <time dateTime={exact} title={exact}>
      {formatAgo(timeMs, nowMs)}
      <span class="hidden">, {exact}</span>
    </time>
  );
}
