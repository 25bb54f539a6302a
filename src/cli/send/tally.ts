/** The counters of a run. */

export interface Tally {
  /** Accepted by the hub. */
  readonly sent: number;
  /** Refused by the hub, or sent without an answer. */
  readonly failed: number;
  /** Not sent, or so far refused only because of a full queue or throttling. */
  readonly unsent: number;
  readonly success: number;
  readonly negative: number;
  /** Messages without the feedback they wait for. */
  readonly pending: number;
  /** Whether feedback is waited for. */
  readonly isWaiting: boolean;
}
