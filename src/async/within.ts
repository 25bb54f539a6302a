import { formatDuration } from "./format-duration.ts";

/** Thrown by `within`; the promise it waited for keeps running, and its result is ignored. */
export class DeadlinePassedError extends Error {
  override readonly name = "DeadlinePassedError";
}

/** @throws DeadlinePassedError after `timeoutMs`; leaves no timer behind. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlinePassedError(`Not done within ${formatDuration(timeoutMs)}.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
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
