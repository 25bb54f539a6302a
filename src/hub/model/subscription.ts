/** What somebody holds who takes what comes. */
export interface Subscription {
  /** Says that credit has come. */
  wake(): void;
  /** Gives back what is unsettled. */
  close(): void;
}
