import { type Address, formatEndpoint, formatProxy, type HttpProxy } from "../endpoint.ts";
import { ClientError } from "./client-error.ts";
import { failureOf } from "./network-failures.ts";

/** What sockets through a proxy fail with: SDKs and Node.js handle it like the error of a socket. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly reason: ClientError;

  constructor(reason: ClientError) {
    super(reason.message, { cause: reason });
    this.reason = reason;
  }
}

/** 401, which is for servers, is what tinyproxy sends for a wrong password. */
const AUTHENTICATION_REQUIRED = [401, 407];

export function proxyUnreachable(proxy: HttpProxy, cause: unknown): ProxyError {
  const failure = failureOf(cause);
  const why = failure
    ? `${failure.what} (${failure.code})`
    : "it ended the connection without an HTTP response";
  const message = `Cannot connect to ${formatProxy(proxy)}: ${why}.`;
  return new ProxyError(
    new ClientError(failure?.name ?? "ProxyRefused", message, {
      cause,
      hint:
        failure?.name === "UntrustedCertificate"
          ? `Pass the certificate of its authority with --ca <file> or IOTHUB_CA_FILE, or check ${proxy.variable}.`
          : `Check ${proxy.variable}, and that the proxy is running.`,
    }),
  );
}

/** Without a cause: the time that passed may be what was left to a probe, not the user's. */
export function proxySilent(proxy: HttpProxy, target: Address): ProxyError {
  const message = `${capitalized(formatProxy(proxy))} is not responding to the request to connect to ${formatEndpoint(target)}.`;
  return new ProxyError(
    new ClientError("ConnectTimeout", message, {
      hint: `Check ${proxy.variable}, and that it is an HTTP proxy, or increase --connect-timeout.`,
    }),
  );
}

export function proxyRefused(proxy: HttpProxy, target: Address, status: number): ProxyError {
  const where = formatProxy(proxy);
  if (AUTHENTICATION_REQUIRED.includes(status)) {
    const isGiven = proxy.authorization !== undefined;
    return new ProxyError(
      new ClientError(
        "ProxyAuthenticationRequired",
        isGiven
          ? `${capitalized(where)} does not accept this user and password (${status}).`
          : `${capitalized(where)} requires a user and password (${status}).`,
        {
          hint: `Set ${proxy.variable} to ${proxy.isTls ? "https" : "http"}://<user>:<password>@${formatEndpoint(proxy)}, with special characters percent-encoded.`,
        },
      ),
    );
  }
  const what = Number.isInteger(status) ? `status ${status}` : "something other than HTTP";
  const message = `${capitalized(where)} did not connect to ${formatEndpoint(target)}: it responded with ${what}.`;
  return new ProxyError(new ClientError("ProxyRefused", message, { hint: hintFor(proxy, status) }));
}

function hintFor({ variable }: HttpProxy, status: number): string {
  if (!Number.isInteger(status)) return `Check that ${variable} is the address of an HTTP proxy.`;
  return status >= 500
    ? "Check HostName in the connection string, and whether the proxy can reach that host."
    : `Check ${variable}, and whether the proxy allows this host and port.`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
