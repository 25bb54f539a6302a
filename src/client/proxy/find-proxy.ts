/** The proxy that the environment names for a host, in the variables of curl, git and npm. */

import { isIPv6 } from "node:net";
import { getProxyForUrl } from "proxy-from-env";
import { Secret } from "../../core/secret.ts";
import type { Address, HttpProxy } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";

/** In the order of proxy-from-env. */
const VARIABLES = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] as const;

const FORM = "http://<user>:<password>@<host>:<port>";

const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

/** The variable that names a proxy for the host; NO_PROXY excepts hosts. */
export function proxyVariableFor({ host, port }: Address): string | undefined {
  const url = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  if (getProxyForUrl(url) === "") return undefined;
  return VARIABLES.find((name) => process.env[name]);
}

/** @throws ClientError ConfigurationError for an address that cannot be used. */
export function findProxy(endpoint: Address): HttpProxy | undefined {
  const variable = proxyVariableFor(endpoint);
  return variable === undefined ? undefined : parseProxy(variable, process.env[variable] ?? "");
}

function parseProxy(variable: string, value: string): HttpProxy {
  const hasScheme = value.includes("://");
  const url = parseUrl(hasScheme ? value : `http://${value}`);
  if (url === undefined || url.hostname === "") throw invalid(variable, "is not a valid URL");
  const isTls = url.protocol === "https:";
  if (!isTls && url.protocol !== "http:") {
    throw unusable(variable, `${url.protocol}// is not supported`);
  }
  // Otherwise a part of the password would be the host, and be shown.
  if (`${url.pathname}${url.search}${url.hash}`.includes("@")) {
    throw unusable(
      variable,
      "its user or password contains a character that must be percent-encoded",
    );
  }
  if (!hasScheme && !/:\d+\/?$/.test(value)) {
    throw unusable(variable, "it has neither a scheme nor a port");
  }
  return {
    variable,
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port) || (DEFAULT_PORTS[url.protocol] ?? 0),
    authorization: authorizationOf(url, variable),
  };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function authorizationOf({ username, password }: URL, variable: string): Secret | undefined {
  if (username === "" && password === "") return undefined;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return new Secret(`Basic ${Buffer.from(credentials).toString("base64")}`);
  } catch {
    throw unusable(
      variable,
      "its user or password contains an invalid percent-encoding; write % as %25",
    );
  }
}

function unusable(variable: string, why: string): ClientError {
  return invalid(variable, `is not the address of an HTTP proxy: ${why}`);
}

/** Says nothing of the value, which may have a password in any place. */
function invalid(variable: string, what: string): ClientError {
  return new ClientError("ConfigurationError", `${variable} in the environment ${what}.`, {
    hint: `It looks like ${FORM}, or https://…; NO_PROXY=<host> connects without the proxy.`,
  });
}
