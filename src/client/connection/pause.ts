/** The wait before the next attempt to connect. */

import { type Clock, sleep } from "../../async/clock.ts";

/** What a loop that reconnects may learn of its hub without connecting to it. */
export interface HubWatch {
  /** The hub that was last connected to is gone, or another one runs in its place. */
  hasEnded(): boolean;
  /** Resolves once the hub that was last connected to has ended; otherwise never. */
  untilEnded(signal: AbortSignal): Promise<void>;
}

/** Resolves after `ms` milliseconds, when `signal` aborts, or once `watch` sees that the hub has ended. */
export async function pause(
  ms: number,
  { clock, signal, watch }: { clock: Clock; signal: AbortSignal; watch: HubWatch | undefined },
): Promise<void> {
  if (ms === 0) return;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const asleep = sleep(clock, ms, either);
  try {
    await (watch ? Promise.race([asleep, watch.untilEnded(either)]) : asleep);
  } finally {
    over.abort();
  }
}
