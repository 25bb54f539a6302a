import { ClientError, type ClientErrorName } from "./client-error.ts";

/** Reconnecting would fail in the same way until somebody changes something. */
export const FINAL_ERRORS: readonly ClientErrorName[] = [
  "ArgumentInvalid",
  "ConfigurationError",
  "CredentialUnavailable",
  "DeviceNotFound",
  "IncompatiblePackage",
  "IotHubUnauthorized",
  "MessagingEntityNotFound",
  "PackageMissing",
  "ProxyAuthenticationRequired",
  "UntrustedCertificate",
];

/** True for anything that is not a `ClientError`, because it is unknown. */
export function isFinal(error: unknown): boolean {
  return !(error instanceof ClientError) || FINAL_ERRORS.includes(error.name);
}
