import { formatDuration } from "./format-duration.ts";

/** Bounds a wait. */

/** Thrown by `within`; the promise it waited for goes on unheard. */
export class DeadlinePassedError extends Error {
  override readonly name = "DeadlinePassedError";
}

/**
 * Waits for `promise` at most `timeoutMs` milliseconds and leaves no timer behind.
 *
 * @throws DeadlinePassedError
 */
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

/** As `within`, for a wait that may simply end: undefined once the time has passed. */
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
