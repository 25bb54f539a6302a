/** Refuses oversize messages before they are sent: they could close the link for the others. */

import { ClientError } from "../../../client/errors/client-error.ts";
import type { ServiceConnection } from "../../../client/service/service-connection.ts";
import { MAX_CLOUD_TO_DEVICE_BYTES } from "../../../core/limits.ts";
import type { Message } from "../../../core/message.ts";

type Connection = Pick<ServiceConnection, "send">;

export function oversizeError(): ClientError {
  return new ClientError(
    "MessageTooLarge",
    `The body exceeds the ${MAX_CLOUD_TO_DEVICE_BYTES} bytes allowed for a cloud-to-device message.`,
    { hint: "Send less, or send a link to the data." },
  );
}

/** Undefined if the body may fit; the hub counts the properties. */
export function oversizeOf({ body }: Message): ClientError | undefined {
  return body.length > MAX_CLOUD_TO_DEVICE_BYTES ? oversizeError() : undefined;
}

export function rejectAll(error: ClientError): Connection {
  return { send: () => Promise.reject(error) };
}

export function rejectOversize(connection: Connection): Connection {
  return {
    send: (deviceId, message) => {
      const error = oversizeOf(message);
      return error ? Promise.reject(error) : connection.send(deviceId, message);
    },
  };
}
