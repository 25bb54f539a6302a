/** The `$cbs` node: claims-based security by put-token (rule amqp-cbs). */

import rhea, { type Message as AmqpMessage } from "rhea";
import { HubError, toHubError } from "../../../core/hub-error.ts";
import { correlationOf } from "../ids.ts";

/** A put-token request. */
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

/**
 * The reply to a request on `$cbs`. `status-code` must be an AMQP int, and the correlation id must
 * have the type of the request's message id, or uamqp does not recognise the reply.
 */
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
