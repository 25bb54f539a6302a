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
  /** How many are to be sent, as far as that is known. */
  readonly planned: number;
  /** Once. */
  all(): Iterable<Outgoing> | AsyncIterable<Outgoing>;
  /** Reports what was left out and has not been reported. */
  reportSkipped(): void;
}
