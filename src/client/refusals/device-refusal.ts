import type { DeviceCredential } from "../../core/connection-string.ts";
import { ClientError } from "../errors/client-error.ts";
import { toHubRefusal } from "./hub-refusal.ts";

/** In addition to the device's status and this machine's clock. */
const CHECKS: Readonly<Record<DeviceCredential["type"], string>> = {
  key: "DeviceId and SharedAccessKey in the connection string",
  sasToken: "that the SAS token is for this device and has not expired",
  x509: "DeviceId, that the certificate is registered (by thumbprint, or signed by an authority registered with the hub)",
};

export function credentialHint({ type }: DeviceCredential): string {
  return `Check ${CHECKS[type]}, that the device is enabled, and this machine's clock.`;
}

const TAKEN_OVER = "Another client is connected with the same device id.";

export function toDeviceRefusal(
  error: unknown,
  credential: DeviceCredential,
): ClientError | undefined {
  const refusal = toHubRefusal(error);
  if (refusal === undefined) return undefined;
  const { name, message, cause } = refusal;
  switch (name) {
    case "IotHubUnauthorized":
    case "DeviceNotFound":
      return new ClientError(name, message, { cause, hint: credentialHint(credential) });
    case "LinkCreationConflict":
    case "ConnectionForcefullyClosedOnNewConnection":
      return new ClientError(name, message, { cause, hint: TAKEN_OVER });
    default:
      return refusal;
  }
}
