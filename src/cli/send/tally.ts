export interface Tally {
  readonly sent: number;
  /** Refused by the hub, or sent without an answer. */
  readonly failed: number;
  /** Not sent, or so far refused only because of a full queue or throttling. */
  readonly unsent: number;
  readonly success: number;
  readonly negative: number;
  readonly pending: number;
  readonly isWaiting: boolean;
}
