/** A message that went out and had no answer: the hub may have it, and sending it again may double it. */

import { ClientError, type ClientErrorName } from "./client-error.ts";

export class UnansweredError extends ClientError {
  constructor(name: ClientErrorName, message: string, cause: unknown) {
    super(name, `${message}; the message may have been enqueued.`, {
      cause,
      hint: "It is not sent again, for that might bring it twice; feedback tells (c2d-send --wait).",
    });
  }
}
