/** A TCP connection to a host through an HTTP proxy (CONNECT). */

import { EventEmitter } from "node:events";
import type { ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { HttpsProxyAgent } from "https-proxy-agent";
import { DeadlinePassedError, within } from "../../async/within.ts";
import { type Address, formatEndpoint, type HttpProxy } from "../endpoint.ts";
import { proxyRefused, proxySilent, proxyUnreachable } from "../errors/proxy-error.ts";

export interface TunnelOptions {
  /** For a proxy with TLS: everything to trust (PEM); undefined for Node's default. */
  readonly ca?: string[] | undefined;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

const CONNECTED = 200;

/** @throws ProxyError; the signal's reason once that aborts. */
export async function openTunnel(
  proxy: HttpProxy,
  target: Address,
  { ca, timeoutMs, signal }: TunnelOptions,
): Promise<Socket> {
  signal?.throwIfAborted();
  // Ends the attempt, not the tunnel.
  const attempt = new AbortController();
  const giveUp = (): void => attempt.abort();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const { socket, status } = await within(timeoutMs, connect(proxy, target, ca, attempt.signal));
    // Without listeners an error would end the process; the TLS socket around it reports it.
    socket.on("error", () => {});
    if (status === CONNECTED) return socket;
    socket.destroy();
    throw proxyRefused(proxy, target, status);
  } catch (cause) {
    signal?.throwIfAborted();
    attempt.abort();
    if (cause instanceof DeadlinePassedError) throw proxySilent(proxy, target);
    throw cause;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

async function connect(
  proxy: HttpProxy,
  { host, port }: Address,
  ca: string[] | undefined,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly status: number }> {
  // The password stays out of the URL, which the package prints for DEBUG.
  const headers = proxy.authorization && {
    "Proxy-Authorization": proxy.authorization.reveal(),
  };
  const options = { signal, noDelay: true, ...(ca && { ca }), ...(headers && { headers }) };
  const where = inUrl(proxy);
  const agent = proxy.isTls
    ? new HttpsProxyAgent(`https://${where}`, options)
    : new HttpsProxyAgent(`http://${where}`, options);
  const request = new EventEmitter();
  let status = Number.NaN;
  request.on("proxyConnect", ({ statusCode }: { readonly statusCode: number }) => {
    status = statusCode;
  });
  try {
    const target = { host, port, secureEndpoint: false };
    const socket = await agent.connect(request as ClientRequest, target);
    return { socket, status };
  } catch (cause) {
    throw proxyUnreachable(proxy, cause);
  }
}

function inUrl({ host, port }: Address): string {
  return formatEndpoint({ host: host.includes(":") ? `[${host}]` : host, port });
}
