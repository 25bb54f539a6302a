/** What the error codes of sockets, DNS and TLS mean. */

import type { NetworkErrorName } from "./client-error.ts";

export interface NetworkFailure {
  readonly name: NetworkErrorName;
  readonly what: string;
  readonly hint: string;
}

const WRONG_HOST: NetworkFailure = {
  name: "HostNotFound",
  what: "the host name cannot be resolved",
  hint: "Check HostName in the connection string, and the network's DNS.",
};

const NOBODY_LISTENS: NetworkFailure = {
  name: "ConnectionRefused",
  what: "nothing is listening on that port",
  hint: "Check the host and port in the connection string; a local hub must be running (c2d-hub status).",
};

const NO_ROUTE: NetworkFailure = {
  name: "ConnectTimeout",
  what: "the host is unreachable",
  hint: "Check the network, VPN and firewall.",
};

const UNKNOWN_AUTHORITY: NetworkFailure = {
  name: "UntrustedCertificate",
  what: "its certificate was issued by an authority that this machine does not trust",
  hint: "Pass the authority's certificate with --ca <file> or IOTHUB_CA_FILE; for a local hub, use the caFile it prints (c2d-hub env).",
};

const WRONG_NAME: NetworkFailure = {
  name: "UntrustedCertificate",
  what: "its certificate is for another host name",
  hint: "Use a host name that the certificate contains; for a local hub, add names with --host-name.",
};

const WRONG_DATE: NetworkFailure = {
  name: "UntrustedCertificate",
  what: "its certificate has expired or is not yet valid",
  hint: "Check this machine's clock; if it is right, renew the certificate.",
};

const NOT_TLS: NetworkFailure = {
  name: "TlsFailure",
  what: "the TLS handshake failed",
  hint: "Check that this is the hub's TLS port, and that no proxy answers instead.",
};

const FAILURES: Readonly<Record<string, NetworkFailure>> = {
  ENOTFOUND: WRONG_HOST,
  EAI_AGAIN: WRONG_HOST,
  EAI_FAIL: WRONG_HOST,
  ECONNREFUSED: NOBODY_LISTENS,
  EHOSTUNREACH: NO_ROUTE,
  ENETUNREACH: NO_ROUTE,
  ETIMEDOUT: NO_ROUTE,
  ECONNRESET: NOT_TLS,
  EPIPE: NOT_TLS,
  EPROTO: NOT_TLS,
  CERT_HAS_EXPIRED: WRONG_DATE,
  CERT_NOT_YET_VALID: WRONG_DATE,
  ERR_TLS_CERT_ALTNAME_INVALID: WRONG_NAME,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_SIGNATURE_FAILURE: UNKNOWN_AUTHORITY,
  CERT_UNTRUSTED: UNKNOWN_AUTHORITY,
};

/** Undefined for an error without such a code. */
export function failureOf(
  cause: unknown,
): (NetworkFailure & { readonly code: string }) | undefined {
  const code = codeOf(cause);
  if (code === undefined) return undefined;
  const failure = FAILURES[code] ?? (/^ERR_(SSL|TLS)_/.test(code) ? NOT_TLS : undefined);
  return failure && { ...failure, code };
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
