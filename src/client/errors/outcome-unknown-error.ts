import { ClientError, type ClientErrorName } from "./client-error.ts";

/** Whether a message was certainly not sent, because the connection was lost before. */
export function isNeverSent(error: unknown): boolean {
  if (!(error instanceof ClientError) || error instanceof OutcomeUnknownError) return false;
  return error.name === "ConnectionLost";
}

export class OutcomeUnknownError extends ClientError {
  constructor(
    name: ClientErrorName,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined },
  ) {
    super(name, `${message}; the message may have been enqueued.`, options);
  }
}
