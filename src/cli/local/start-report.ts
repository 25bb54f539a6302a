/** How the start of a hub in the background went: it tells the process that has spawned it, once. */

import { describeError, type ErrorReport } from "../terminal/reporter.ts";

export type StartReport =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: ErrorReport };

/** To that process: the hub can be found from now on. Without such a process it does nothing. */
export function reportReady(): Promise<void> {
  return send({ type: "ready" });
}

/** Runs a start, and tells that process why it failed. */
export async function reportingFailure<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const isInterrupted = error instanceof Error && error.name === "AbortError";
    if (!isInterrupted) await send({ type: "failed", error: describeError(error) });
    throw error;
  }
}

/** Over Node's own channel, which is closed then: neither process keeps the other. */
async function send(report: StartReport): Promise<void> {
  if (!process.connected) return;
  // A process that has ended meanwhile is an error here, and no reason for a hub to end.
  await new Promise<void>((resolve) => process.send?.(report, undefined, {}, () => resolve()));
  if (process.connected) process.disconnect();
}
