/**
 * The SDKs retry inside each call for four minutes by default. That hides a refused port for as
 * long, and makes two clients on one device id evict each other several times a second.
 */
export const NO_RETRY = {
  shouldRetry: (): boolean => false,
  nextRetryTimeout: (): number => -1,
};
