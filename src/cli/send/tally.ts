/** The numbers of a run, and the exit code they call for. */

import type { Ack } from "../../core/message.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";

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

/** Why a run that waits for feedback ended. */
export type WaitEnd = "satisfied" | "timeout" | "SIGINT" | "SIGTERM";

/**
 * The lowest of 6, 7 and 124 wins: a refused send says more than a missing record. With `negative`
 * no record by the deadline is what was hoped for.
 */
export function exitCodeOfRun(
  { failed, negative }: Pick<Tally, "failed" | "negative">,
  end: WaitEnd,
  ack: Ack | undefined,
): ExitCode {
  if (failed > 0) return EXIT_CODES.refused;
  if (negative > 0) return EXIT_CODES.negativeFeedback;
  if (end === "timeout") return ack === "negative" ? EXIT_CODES.done : EXIT_CODES.timeout;
  return end === "satisfied" ? EXIT_CODES.done : EXIT_CODES[end];
}
