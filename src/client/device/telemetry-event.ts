/** What happens to the messages of a device that sends telemetry. */

import type { Message } from "../../core/message.ts";
import type { ClientError } from "../errors/client-error.ts";

/** A message as its sender knows it. */
export interface TelemetryMessage {
  /** 0-based. */
  readonly index: number;
  readonly message: Message;
}

/** Why a message counts as unconfirmed: it waited too long, or the sending ended before. */
export type UnconfirmedReason = "MessageTimeout" | "SendingEnded";

export type TelemetryEvent = TelemetryMessage &
  (
    | {
        readonly type: "sent";
        /** It was sent before, and whether the hub has that is not known. */
        readonly isRepeated: boolean;
      }
    | {
        readonly type: "confirmed";
        /** Milliseconds since the epoch. */
        readonly confirmedAtMs: number;
        /** It was sent more than once: the hub may have it as often. */
        readonly isRepeated: boolean;
        /** It was told as `unconfirmed` before. */
        readonly isLate: boolean;
      }
    | {
        readonly type: "unconfirmed";
        readonly reason: UnconfirmedReason;
        /** It went out, and the hub may have it. */
        readonly mayBeStored: boolean;
      }
    /** The hub refused it, and would again. */
    | { readonly type: "failed"; readonly error: ClientError; readonly isLate: boolean }
    /** The hub has no room at the moment; it is sent again. */
    | { readonly type: "throttled"; readonly error: ClientError; readonly retryInMs: number }
  );
