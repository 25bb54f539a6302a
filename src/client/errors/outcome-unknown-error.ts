/** A message that went out and had no answer: the hub may have it, and sending it again may double it. */

import { ClientError, type ClientErrorName } from "./client-error.ts";

export class OutcomeUnknownError extends ClientError {
  constructor(
    name: ClientErrorName,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined },
  ) {
    super(name, `${message}; the message may have been enqueued.`, options);
  }
}
