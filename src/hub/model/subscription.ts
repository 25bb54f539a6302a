export interface Subscription {
  /** The consumer has credit. */
  wake(): void;
  /** Unsettled messages are requeued. */
  close(): void;
}
