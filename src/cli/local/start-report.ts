import { describeError, type ErrorReport } from "../terminal/reporter.ts";

export type StartReport =
  | { readonly type: "ready" }
  | { readonly type: "failed"; readonly error: ErrorReport };

/** Does nothing without a parent process. */
export function reportReady(): Promise<void> {
  return send({ type: "ready" });
}

export async function reportingFailure<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const isInterrupted = error instanceof Error && error.name === "AbortError";
    if (!isInterrupted) await send({ type: "failed", error: describeError(error) });
    throw error;
  }
}

/** Uses Node's IPC channel, then closes it so that neither process keeps the other alive. */
async function send(report: StartReport): Promise<void> {
  if (!process.connected) return;
  // Ignores the error if the parent has exited: the hub goes on.
  await new Promise<void>((resolve) => process.send?.(report, undefined, {}, () => resolve()));
  if (process.connected) process.disconnect();
}
