import { formatDuration } from "../../async/format-duration.ts";

export interface Waiting {
  readonly pending: number;
  readonly sent: number;
  readonly leftMs: number | undefined;
}

/** A hub batches 64 records or 15 s (devguide-c2d, "Message feedback"), so a delay is normal. */
export function formatWaiting({ pending, sent, leftMs }: Waiting): string {
  const left =
    leftMs === undefined
      ? "no deadline"
      : `${formatDuration(Math.max(0, Math.ceil(leftMs / 1000) * 1000))} left`;
  return `Waiting for feedback: ${pending} of ${sent}, ${left} (Azure batches it: up to 15 s)`;
}
