/** Events of a telemetry sender: what happens to each message. */

import type { Message } from "../../core/message.ts";
import type { ClientError } from "../errors/client-error.ts";

/** A telemetry message and its index. */
export interface TelemetryMessage {
  /** 0-based. */
  readonly index: number;
  readonly message: Message;
}

/** Why a message is unconfirmed: it timed out, or sending stopped first. */
export type UnconfirmedReason = "MessageTimeout" | "SendingEnded";

export type TelemetryEvent = TelemetryMessage &
  (
    | {
        readonly type: "sent";
        /** It was sent before, and it is unknown whether the hub has it. */
        readonly isRepeated: boolean;
      }
    | {
        readonly type: "confirmed";
        /** Milliseconds since the epoch. */
        readonly confirmedAtMs: number;
        /** It was sent more than once, so the hub may have duplicates. */
        readonly isRepeated: boolean;
        /** It was reported as `unconfirmed` before. */
        readonly isLate: boolean;
      }
    | {
        readonly type: "unconfirmed";
        readonly reason: UnconfirmedReason;
        /** It was sent, and the hub may have it. */
        readonly mayBeStored: boolean;
      }
    /** The hub refused it, and would refuse it again. */
    | { readonly type: "failed"; readonly error: ClientError; readonly isLate: boolean }
    /** The hub is throttling or full; the message is sent again. */
    | { readonly type: "throttled"; readonly error: ClientError; readonly retryInMs: number }
  );
