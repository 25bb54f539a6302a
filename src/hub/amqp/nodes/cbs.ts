/** Claims-based security by put-token (rule amqp-cbs). */

import rhea, { type Message as AmqpMessage } from "rhea";
import { HubError, toHubError } from "../../../core/hub-error.ts";
import { correlationOf } from "../ids.ts";

interface PutToken {
  readonly audience: string;
  readonly token: string;
}

/** @throws HubError ArgumentInvalid for any other operation, or a body that is not a token. */
export function parsePutToken({ application_properties, body }: AmqpMessage): PutToken {
  const { operation, name } = application_properties ?? {};
  if (operation !== "put-token" || typeof name !== "string" || typeof body !== "string") {
    throw new HubError(
      "ArgumentInvalid",
      "Only put-token, with a name and a token as the body, is supported.",
    );
  }
  return { audience: name, token: body };
}

/** uamqp needs an int as `status-code`, and a correlation id of the message id's type. */
export function toCbsReply(request: AmqpMessage, error?: unknown): AmqpMessage {
  const refusal = error === undefined ? undefined : toHubError(error);
  return {
    ...correlationOf(request.message_id),
    application_properties: {
      "status-code": rhea.types.wrap_int(refusal?.httpStatus ?? 200),
      "status-description": refusal?.message ?? "OK",
    },
    body: undefined,
  };
}
