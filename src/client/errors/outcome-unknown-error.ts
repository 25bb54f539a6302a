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
