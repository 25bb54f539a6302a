/** Where the credential chain signs in; its own HTTP client honors the same proxies. */

import { endpointOf } from "../../connection/endpoint-of.ts";
import type { Endpoint } from "../../endpoint.ts";
import type { ClientError } from "../../errors/client-error.ts";
import { ProxyError } from "../../errors/proxy-error.ts";
import { openTunnel } from "../../proxy/tunnel.ts";

const PUBLIC_AUTHORITY = "login.microsoftonline.com";

const PROBE_TIMEOUT_MS = 3000;

/** @throws ClientError ConfigurationError */
export function entraAuthority(): Endpoint {
  const named = /^(?:https:\/\/)?([^/:]+)/i.exec(process.env.AZURE_AUTHORITY_HOST ?? "")?.[1];
  return endpointOf(named ?? PUBLIC_AUTHORITY, "http");
}

/** Names the proxy as the chain needs it: in upper case first, and never without a scheme. */
export function entraEnvironment(): NodeJS.ProcessEnv {
  const { proxy } = entraAuthority();
  if (proxy === undefined) return process.env;
  const { https_proxy: _, ...env } = process.env;
  const address = process.env[proxy.variable] ?? "";
  return { ...env, HTTPS_PROXY: address.includes("://") ? address : `http://${address}` };
}

/** Why the proxy leads nowhere: the chain does not tell. */
export async function findProxyFault(): Promise<ClientError | undefined> {
  const { proxy, ...target } = entraAuthority();
  if (proxy === undefined) return undefined;
  try {
    const socket = await openTunnel(proxy, target, { timeoutMs: PROBE_TIMEOUT_MS });
    socket.destroy();
    return undefined;
  } catch (error) {
    if (error instanceof ProxyError) return error.reason;
    throw error;
  }
}
