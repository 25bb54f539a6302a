/** What can go wrong between a client and its hub, by name. */

import type { HubErrorName } from "../../core/hub-error.ts";

/** Failures before any hub has answered, or after it fell silent. */
export type NetworkErrorName =
  | "HostNotFound"
  | "ConnectionRefused"
  | "UntrustedCertificate"
  | "TlsFailure"
  | "ConnectTimeout"
  | "ConnectionLost";

/** Nothing that a hub could be asked with: no hub has refused anything. */
export type CredentialErrorName = "CredentialUnavailable";

/** No hub is to blame: an SDK is installed in a version that this code does not know. */
export type PackageErrorName = "IncompatiblePackage";

export type ClientErrorName =
  | HubErrorName
  | NetworkErrorName
  | CredentialErrorName
  | PackageErrorName;

/** A failure with its cause kept, and the next step for whoever reads it. Neither holds a secret. */
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
