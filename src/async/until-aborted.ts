import { unlessBefore } from "./unless-before.ts";

/** Undefined as soon as `signal` aborts; the promise's result is then ignored. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return unlessBefore(promise, (resolve: (early: undefined) => void) => {
    const onAbort = (): void => resolve(undefined);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    return () => signal.removeEventListener("abort", onAbort);
  });
}
