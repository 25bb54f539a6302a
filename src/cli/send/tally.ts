/** The numbers of a run. */

export interface Tally {
  /** Accepted by the hub. */
  readonly sent: number;
  /** Refused by the hub for good, or sent without an answer. */
  readonly failed: number;
  /** Never sent, or only refused for a full queue or throttling so far. */
  readonly unsent: number;
  readonly success: number;
  readonly negative: number;
  /** Feedback waited for that has not come. */
  readonly pending: number;
  /** Whether feedback is waited for. */
  readonly isWaiting: boolean;
}
