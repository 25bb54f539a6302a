import { formatDuration } from "../../async/format-duration.ts";
import { type Endpoint, formatEndpoint, formatProxy } from "../endpoint.ts";
import { ClientError } from "./client-error.ts";
import { failureOf } from "./network-failures.ts";
import { ProxyError } from "./proxy-error.ts";

export function toNetworkError(cause: unknown, endpoint: Endpoint): ClientError | undefined {
  if (cause instanceof ProxyError) return cause.reason;
  const failure = failureOf(cause);
  if (failure === undefined) return undefined;
  const { name, what, code, hint } = failure;
  const via = endpoint.proxy ? ` through ${formatProxy(endpoint.proxy)}` : "";
  return new ClientError(
    name,
    `Cannot connect to ${formatEndpoint(endpoint)}${via}: ${what} (${code}).`,
    { cause, hint: name === "UntrustedCertificate" ? hint : withUnusedProxy(hint, endpoint) },
  );
}

/** Where only a proxy leads out of the network, this is the reason. */
export function withUnusedProxy(hint: string, { unusedProxy }: Endpoint): string {
  if (unusedProxy === undefined) return hint;
  const { variable, transport } = unusedProxy;
  return `${variable} is set, but ${transport} cannot use a proxy: --transport ${transport}-ws can. ${hint}`;
}

export function connectionLost(endpoint: Endpoint, cause: unknown): ClientError {
  const message = `The connection to ${formatEndpoint(endpoint)} was lost.`;
  return new ClientError("ConnectionLost", message, { cause });
}

export function notResponding(
  endpoint: Endpoint,
  timeoutMs: number,
  peer: string,
  cause: unknown,
): ClientError {
  return new ClientError(
    "ConnectTimeout",
    `${formatEndpoint(endpoint)} accepted the connection but did not respond within ${formatDuration(timeoutMs)}.`,
    { cause, hint: `Check that it is ${peer}, or increase --connect-timeout.` },
  );
}
