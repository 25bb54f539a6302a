/** The messages of a run, made as they are needed. */

import type { PlannedMessage } from "../../../client/service/send-event.ts";

export interface MessageSource {
  /** How many there will be; undefined while that is not known. */
  readonly total: number | undefined;
  /** How many are to be sent, as far as that is known. */
  readonly planned: number;
  /** Once. */
  all(): Iterable<PlannedMessage> | AsyncIterable<PlannedMessage>;
  /** Reports what was left out and has not been reported. */
  reportSkipped(): void;
}
