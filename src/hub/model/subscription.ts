/** The handle of a consumer. */
export interface Subscription {
  /** Reports that the consumer has credit. */
  wake(): void;
  /** Ends the subscription and requeues unsettled messages. */
  close(): void;
}
