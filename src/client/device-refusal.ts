/** What a hub means by refusing a device over AMQP. */

import { ClientError } from "./client-error.ts";
import { toHubRefusal } from "./hub-refusal.ts";

/** What to do when a device's credentials are refused. */
export const CHECK_DEVICE_KEY =
  "Check DeviceId and SharedAccessKey in the connection string, that the device is enabled, and this machine's clock.";

const TAKEN_OVER = "Another client is connected with the same device id.";

/** The refusal when `error`, of the SDK or of rhea, carries a hub's answer; else undefined. */
export function toDeviceRefusal(error: unknown): ClientError | undefined {
  const refusal = toHubRefusal(error);
  if (refusal === undefined) return undefined;
  const { name, message, cause } = refusal;
  switch (name) {
    case "IotHubUnauthorized":
    case "DeviceNotFound":
      return new ClientError(name, message, { cause, hint: CHECK_DEVICE_KEY });
    case "LinkCreationConflict":
    case "ConnectionForcefullyClosedOnNewConnection":
      return new ClientError(name, message, { cause, hint: TAKEN_OVER });
    default:
      return refusal;
  }
}
