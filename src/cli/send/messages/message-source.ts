/** The messages of a run, created on demand. */

import type { PlannedMessage } from "../../../client/service/send-event.ts";

export interface MessageSource {
  /** The total number; undefined while unknown. */
  readonly total: number | undefined;
  /** The number to send, as far as known. */
  readonly planned: number;
  /** Call once. */
  all(): Iterable<PlannedMessage> | AsyncIterable<PlannedMessage>;
  /** Reports skipped input that has not been reported yet. */
  reportSkipped(): void;
}
