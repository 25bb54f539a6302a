/**
 * A retry policy that never retries.
 *
 * Why: the SDKs retry inside each call for four minutes by default. That hides a refused port for
 * as long, and makes two clients on one device id evict each other several times a second. The
 * listener and the sender retry instead, and report it.
 */
export const NO_RETRY = {
  shouldRetry: (): boolean => false,
  nextRetryTimeout: (): number => -1,
};
