import type { AmqpError, Receiver } from "rhea";

/** Permanently: rhea would go on delivering messages of a peer that ignores the close. */
export function closeReceiver(receiver: Receiver, error: AmqpError): void {
  receiver.removeAllListeners("message");
  receiver.close(error);
}
