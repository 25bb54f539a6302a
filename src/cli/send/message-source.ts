/** The messages of a run, made as they are needed. */

import type { Message } from "../../core/message.ts";

export interface Outgoing {
  /** 0-based, counting over all devices. */
  readonly n: number;
  readonly deviceId: string;
  /** Call it once: times and random values are those of the call. */
  make(): Message;
}

export interface MessageSource {
  /** How many there will be; undefined while that is not known. */
  readonly total: number | undefined;
  /** Once. */
  all(): Iterable<Outgoing> | AsyncIterable<Outgoing>;
}
