import type { PlannedMessage } from "../../../client/service/send-event.ts";

export interface MessageSource {
  readonly total: number | undefined;
  /** As far as known. */
  readonly planned: number;
  /** Call once. */
  all(): Iterable<PlannedMessage> | AsyncIterable<PlannedMessage>;
  reportSkipped(): void;
}
