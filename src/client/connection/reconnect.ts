import type { BackOff } from "../../async/back-off.ts";
import { type Clock, sleep, systemClock } from "../../async/clock.ts";
import { ClientError } from "../errors/client-error.ts";
import { isFinal } from "../errors/final-error.ts";

export interface HubWatch {
  hasEnded(): boolean;
  untilEnded(signal: AbortSignal): Promise<void>;
}

/** A connection that lasted this long resets the back-off. */
export const HELD_MS = 10_000;

export interface ReconnectOptions {
  readonly signal: AbortSignal;
  readonly backOff: BackOff;
  /** There is no wait for a stopped hub: `connect` waits for it. */
  readonly watch?: HubWatch | undefined;
  readonly clock?: Clock | undefined;
  onFailed(error: ClientError, retryInMs: number): void;
}

/**
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

export function nextWaitMs(backOff: BackOff, watch: HubWatch | undefined): number {
  return watch?.hasEnded() ? 0 : backOff.nextMs();
}

/** A connect that fails because `signal` aborted is not an error. */
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
