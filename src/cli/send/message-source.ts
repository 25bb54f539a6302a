/** The messages of a run, made as they are needed. */

import type { OutgoingMessage } from "../../client/send-event.ts";

export interface Outgoing extends OutgoingMessage {
  /** 0-based, counting over all devices. */
  readonly n: number;
}

export interface MessageSource {
  /** How many there will be; undefined while that is not known. */
  readonly total: number | undefined;
  /** Once. */
  all(): Iterable<Outgoing> | AsyncIterable<Outgoing>;
}
