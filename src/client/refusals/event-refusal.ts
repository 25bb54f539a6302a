import { HubError } from "../../core/hub-error.ts";
import { MAX_DEVICE_TO_CLOUD_BYTES } from "../../core/limits.ts";
import { type Message, validateTelemetry } from "../../core/message.ts";
import { ClientError, type ClientErrorName } from "../errors/client-error.ts";
import { isMessageReleased } from "../sdk/shared/patch-sender-link.ts";

/** For a sending device; those of the transports are about messages to a device. */
const HINTS: Partial<Readonly<Record<ClientErrorName, string>>> = {
  ArgumentInvalid: "Correct the message; sending it unchanged fails again.",
  IotHubQuotaExceeded: "The hub's quota is exhausted; a daily quota is reset at 00:00 UTC.",
  MessageTooLarge: `A device-to-cloud message can have up to ${MAX_DEVICE_TO_CLOUD_BYTES / 1024} KB, including properties.`,
  Throttling: "Send more slowly (--interval).",
};

/**
 * Over MQTT a hub can only end the connection, without a reason.
 *
 * @throws ClientError MessageTooLarge, ArgumentInvalid
 */
export function validateEvent(message: Message): void {
  try {
    validateTelemetry([message]);
  } catch (cause) {
    throw cause instanceof HubError ? refusal(cause.name, cause.message, cause) : cause;
  }
}

export function toEventRefusal(
  cause: unknown,
  fromTransport: ClientError | undefined,
): ClientError | undefined {
  if (isMessageReleased(cause)) {
    return refusal("ServiceUnavailable", "The hub released the message.", cause);
  }
  // One AMQP condition covers a device's full queue and the hub's quota; events have no queue.
  if (fromTransport?.name === "DeviceMaximumQueueDepthExceeded") {
    return refusal("IotHubQuotaExceeded", fromTransport.message, cause);
  }
  return (
    fromTransport && refusal(fromTransport.name, fromTransport.message, cause, fromTransport.hint)
  );
}

function refusal(
  name: ClientErrorName,
  message: string,
  cause: unknown,
  otherHint?: string,
): ClientError {
  return new ClientError(name, message, { cause, hint: HINTS[name] ?? otherHint });
}
