import type { HubErrorName } from "../../core/hub-error.ts";

/** Failures before a hub has responded, or after it stopped responding. */
export type NetworkErrorName =
  | "HostNotFound"
  | "ConnectionRefused"
  | "UntrustedCertificate"
  | "TlsFailure"
  | "ConnectTimeout"
  | "ConnectionLost"
  | "ProxyAuthenticationRequired"
  | "ProxyRefused";

/** There were no credentials to send, so no hub has refused any. */
export type CredentialErrorName = "CredentialUnavailable";

/** Connecting would not work as configured. */
export type SettingErrorName = "ConfigurationError";

export type PackageErrorName = "IncompatiblePackage" | "PackageMissing";

export type ClientErrorName =
  | HubErrorName
  | NetworkErrorName
  | CredentialErrorName
  | SettingErrorName
  | PackageErrorName;

/** Message and hint never contain a secret. */
export class ClientError extends Error {
  override readonly name: ClientErrorName;
  readonly hint: string | undefined;

  constructor(
    name: ClientErrorName,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.name = name;
    this.hint = options.hint;
  }
}
