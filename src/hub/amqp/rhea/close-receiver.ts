/** Closes a link that the peer sends on. */

import type { AmqpError, Receiver } from "rhea";

/** For good: rhea would go on handing over what a peer sends that does not heed its being closed. */
export function closeReceiver(receiver: Receiver, error: AmqpError): void {
  receiver.removeAllListeners("message");
  receiver.close(error);
}
