/** Undefined as soon as `signal` aborts; the promise's result is then ignored. */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  let onAbort = (): void => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await (signal.aborted ? undefined : Promise.race([promise, aborted]));
  } finally {
    signal.removeEventListener("abort", onAbort);
    promise.catch(() => {});
  }
}
