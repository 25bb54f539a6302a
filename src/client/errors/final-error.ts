/** Which failures end a loop that reconnects. */

import { ClientError, type ClientErrorName } from "./client-error.ts";

/** Connecting again would fail in the same way until somebody changes something. */
export const FINAL_ERRORS: readonly ClientErrorName[] = [
  "ArgumentInvalid",
  "CredentialUnavailable",
  "DeviceNotFound",
  "IncompatiblePackage",
  "IotHubUnauthorized",
  "MessagingEntityNotFound",
  "UntrustedCertificate",
];

/** False for what may pass; true also for what is no `ClientError`, for nothing is known of it. */
export function isFinal(error: unknown): boolean {
  return !(error instanceof ClientError) || FINAL_ERRORS.includes(error.name);
}
