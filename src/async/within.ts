import { formatDuration } from "./format-duration.ts";
import { unlessBefore } from "./unless-before.ts";

/** Thrown by `within`; the promise it waited for keeps running, and its result is ignored. */
export class DeadlinePassedError extends Error {
  override readonly name = "DeadlinePassedError";

  constructor(timeoutMs: number) {
    super(`Not done within ${formatDuration(timeoutMs)}.`);
  }
}

/** @throws DeadlinePassedError after `timeoutMs`; leaves no timer behind. */
export function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  return unlessBefore(promise, (_, reject) => {
    const timer = setTimeout(() => reject(new DeadlinePassedError(timeoutMs)), timeoutMs);
    return () => clearTimeout(timer);
  });
}

/** Like `within`, but resolves with undefined on timeout. */
export async function waitAtMost<T>(
  timeoutMs: number,
  promise: Promise<T>,
): Promise<T | undefined> {
  try {
    return await within(timeoutMs, promise);
  } catch (error) {
    if (error instanceof DeadlinePassedError) return undefined;
    throw error;
  }
}
