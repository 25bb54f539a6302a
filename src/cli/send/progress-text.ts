/** How far a run is, in one line. */

import { formatDuration } from "../duration.ts";

export interface Sending {
  /** Sent or failed. */
  readonly done: number;
  readonly failed: number;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  /** Devices whose next message waits for another try. */
  readonly held: number;
  readonly elapsedMs: number;
}

export function formatSending({ done, failed, total, held, elapsedMs }: Sending): string {
  const perSecond = Math.round((done * 1000) / Math.max(1, elapsedMs));
  const parts = [`Sending: ${done}${total === undefined ? "" : ` of ${total}`}, ${perSecond}/s`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (held > 0) parts.push(`${held} ${held === 1 ? "device" : "devices"} must wait`);
  return parts.join(", ");
}

export interface Waiting {
  readonly pending: number;
  readonly sent: number;
  /** Undefined without a deadline. */
  readonly leftMs: number | undefined;
}

/** A hub gathers 64 records or waits 15 s (devguide-c2d, "Message feedback"): silence is no fault. */
export function formatWaiting({ pending, sent, leftMs }: Waiting): string {
  const left =
    leftMs === undefined
      ? "no deadline"
      : `${formatDuration(Math.max(0, Math.ceil(leftMs / 1000) * 1000))} left`;
  return `Waiting for feedback: ${pending} of ${sent}, ${left} (Azure batches it: up to 15 s)`;
}
