import type { Message } from "../../core/message.ts";
import type { ClientError } from "../errors/client-error.ts";

export interface PlannedMessage {
  readonly deviceId: string;
  /** Called once, when the message is first sent: times and random values are those of the call. */
  make(): Message;
  /** Why the message that was made must not be sent, if so: it fails in its turn. */
  refuse?(message: Message): ClientError | undefined;
}

export interface OutgoingMessage {
  readonly deviceId: string;
  readonly message: Message;
}

export type SendEvent =
  /** `acceptedAtMs`: milliseconds since the epoch. `index` counts from 0. */
  | {
      readonly type: "sent";
      readonly index: number;
      readonly outgoing: OutgoingMessage;
      readonly acceptedAtMs: number;
    }
  | {
      readonly type: "failed";
      readonly index: number;
      readonly outgoing: OutgoingMessage;
      readonly error: ClientError;
    }
  /** Given up without being accepted or finally refused; `error` says why, if it was tried. */
  | {
      readonly type: "unsent";
      readonly index: number;
      readonly deviceId: string;
      readonly error: ClientError | undefined;
    }
  | {
      readonly type: "queueFull" | "throttled";
      readonly deviceId: string;
      readonly error: ClientError;
      readonly retryInMs: number;
    };
