import type { PlannedMessage } from "../../../client/service/send-event.ts";
import type { SendAllOptions } from "../../../client/service/sender.ts";

export interface MessageSource {
  readonly total: number | undefined;
  /** As far as known. */
  readonly planned: number;
  /** For messages that may never end. */
  readonly bounds?: SourceBounds;
  /** Call once. */
  all(): Iterable<PlannedMessage> | AsyncIterable<PlannedMessage>;
  reportSkipped(): void;
}

export interface SourceBounds
  extends Pick<SendAllOptions, "backlogSize" | "deviceBacklogSize" | "finalErrors"> {
  /** Feedback records; with as many, reading pauses. */
  readonly awaited: number;
}
