/** Connecting again, for as long as it takes: one loop for devices, readers of events, and feedback. */

import type { BackOff } from "../../async/back-off.ts";
import { type Clock, sleep, systemClock } from "../../async/clock.ts";
import { ClientError } from "../errors/client-error.ts";
import { isFinal } from "../errors/final-error.ts";

/** What a loop that reconnects may learn of its hub without connecting to it. */
export interface HubWatch {
  /** The hub that was last connected to is gone, or another one runs in its place. */
  hasEnded(): boolean;
  /** Resolves once the hub that was last connected to has ended; otherwise never. */
  untilEnded(signal: AbortSignal): Promise<void>;
}

/** A connection that lived so long, in milliseconds, has held: the back-off starts anew after it. */
export const HELD_MS = 10_000;

export interface ReconnectOptions {
  /** Ends the attempts. */
  readonly signal: AbortSignal;
  readonly backOff: BackOff;
  /** A hub that has ended is not waited for: `connect` does that. */
  readonly watch?: HubWatch | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
  onFailed(error: ClientError, retryInMs: number): void;
}

/**
 * Waits `firstWaitMs` and connects; after each failure it waits longer and tries again.
 *
 * @param connect `attempt` counts from 1.
 * @returns Undefined once `signal` has aborted.
 * @throws what `connect` throws, if it is final (`isFinal`).
 */
export async function reconnect<T>(
  firstWaitMs: number,
  connect: (attempt: number) => Promise<T>,
  { signal, backOff, watch, clock = systemClock, onFailed }: ReconnectOptions,
): Promise<T | undefined> {
  let waitMs = firstWaitMs;
  for (let attempt = 1; ; attempt++) {
    await pause(waitMs, { clock, signal, watch });
    try {
      return await unlessAborted(signal, () => connect(attempt));
    } catch (error) {
      if (!(error instanceof ClientError) || isFinal(error)) throw error;
      waitMs = nextWaitMs(backOff, watch);
      onFailed(error, waitMs);
    }
  }
}

/** Whoever waits for the hub itself need not wait before. */
export function nextWaitMs(backOff: BackOff, watch: HubWatch | undefined): number {
  return watch?.hasEnded() ? 0 : backOff.nextMs();
}

/** Undefined once `signal` has aborted: a connect that fails because of that has not failed. */
export async function unlessAborted<T>(
  signal: AbortSignal,
  connect: () => Promise<T>,
): Promise<T | undefined> {
  if (signal.aborted) return undefined;
  try {
    return await connect();
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Ends after `ms` milliseconds, when `signal` aborts, or once `watch` sees that the hub has ended. */
async function pause(
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
