import { formatCount } from "./count.ts";

export interface Sending {
  /** Sent or failed. */
  readonly done: number;
  readonly failed: number;
  readonly total: number | undefined;
  /** Devices whose next message is waiting to be retried. */
  readonly held: number;
  readonly elapsedMs: number;
}

export function formatSending({ done, failed, total, held, elapsedMs }: Sending): string {
  const perSecond = Math.round((done * 1000) / Math.max(1, elapsedMs));
  const parts = [`Sending: ${done}${total === undefined ? "" : ` of ${total}`}, ${perSecond}/s`];
  if (failed > 0) parts.push(`${failed} failed`);
  if (held > 0) parts.push(`${formatCount(held, "device")} waiting`);
  return parts.join(", ");
}
