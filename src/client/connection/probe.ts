/** Finds out why a hub cannot be reached when the SDK's error does not say. */

import type { Socket } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import { DeadlinePassedError, within } from "../../async/within.ts";
import { type Endpoint, formatEndpoint, serverNameOf } from "../endpoint.ts";
import { ClientError } from "../errors/client-error.ts";
import { toNetworkError, withUnusedProxy } from "../errors/network-error.ts";
import { openTunnel } from "../proxy/tunnel.ts";

/** Long enough for a handshake across the world. */
const PROBE_TIMEOUT_MS = 3000;

const PROBE_GRACE_MS = 500;

/**
 * Accepts any certificate and sends nothing, so the hub does not log a failed handshake.
 *
 * @param ca Everything to trust (PEM); undefined for Node's default.
 * @param deadlineMs As `performance.now()`; half a second more is allowed.
 * @returns Undefined when host, port and certificate are fine.
 */
export async function probe(
  endpoint: Endpoint,
  ca: string[] | undefined,
  deadlineMs: number,
): Promise<ClientError | undefined> {
  const leftMs = Math.max(PROBE_GRACE_MS, deadlineMs - performance.now());
  const timeoutMs = Math.min(PROBE_TIMEOUT_MS, leftMs);
  try {
    const tunnel = await openTunnelTo(endpoint, ca, timeoutMs);
    await shakeHands(endpoint, ca, timeoutMs, tunnel);
    return undefined;
  } catch (cause) {
    return toNetworkError(cause, endpoint) ?? unexplained(endpoint, cause);
  }
}

async function openTunnelTo(
  { proxy, ...target }: Endpoint,
  ca: string[] | undefined,
  timeoutMs: number,
): Promise<Socket | undefined> {
  if (proxy === undefined) return undefined;
  return await openTunnel(proxy, target, { ca, timeoutMs });
}

async function shakeHands(
  { host, port }: Endpoint,
  ca: string[] | undefined,
  timeoutMs: number,
  tunnel: Socket | undefined,
): Promise<void> {
  const socket = tls.connect({
    host,
    port,
    servername: serverNameOf({ host, port }),
    rejectUnauthorized: false,
    ca,
    ...(tunnel && { socket: tunnel }),
  });
  const isSecure = new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", () => (socket.authorized ? resolve() : reject(distrust(socket))));
    socket.on("error", reject);
  });
  try {
    await within(timeoutMs, isSecure);
  } finally {
    hangUp(socket);
  }
}

/** The error that Node would have reported. */
function distrust({ authorizationError }: TLSSocket): Error {
  const code = String(authorizationError);
  return Object.assign(new Error(`The certificate is not trusted (${code}).`), { code });
}

/** The last message of a handshake that is complete here may still be in flight. */
function hangUp(socket: TLSSocket): void {
  if (socket.getProtocol() === null || socket.destroyed) {
    socket.destroy();
    return;
  }
  socket.resume();
  socket.end(() => socket.destroy());
  socket.unref();
}

function unexplained(endpoint: Endpoint, cause: unknown): ClientError {
  const where = formatEndpoint(endpoint);
  if (cause instanceof DeadlinePassedError) {
    // Without the cause: its time is what was left, not the user's.
    return new ClientError("ConnectTimeout", `${where} is not responding.`, {
      hint: withUnusedProxy("A firewall may block the port; the -ws transports use 443.", endpoint),
    });
  }
  return new ClientError("TlsFailure", `The TLS handshake with ${where} failed.`, { cause });
}
