import type { Message } from "../../core/message.ts";
import type { ClientError } from "../errors/client-error.ts";

export interface TelemetryMessage {
  readonly index: number;
  readonly message: Message;
}

export type UnconfirmedReason = "MessageTimeout" | "SendingEnded";

export type TelemetryEvent = TelemetryMessage &
  (
    | {
        readonly type: "sent";
        /** Whether the hub has it is unknown. */
        readonly isRepeated: boolean;
      }
    | {
        readonly type: "confirmed";
        readonly confirmedAtMs: number;
        /** The hub may have duplicates. */
        readonly isRepeated: boolean;
        readonly isLate: boolean;
      }
    | {
        readonly type: "unconfirmed";
        readonly reason: UnconfirmedReason;
        readonly mayBeStored: boolean;
      }
    /** The hub would refuse it again. */
    | { readonly type: "failed"; readonly error: ClientError; readonly isLate: boolean }
    | { readonly type: "throttled"; readonly error: ClientError; readonly retryInMs: number }
  );
