import { isIP } from "node:net";
import type { Secret } from "../core/secret.ts";

export type Transport = "mqtt" | "mqtt-ws" | "amqp" | "amqp-ws" | "http";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Endpoint extends Address {
  /** Connections to the endpoint are tunnelled through it. */
  readonly proxy?: HttpProxy | undefined;
  /** One is set for the host, but cannot be used. */
  readonly unusedProxy?: UnusedProxy | undefined;
}

export interface HttpProxy extends Address {
  /** Where the proxy was set: `HTTPS_PROXY`. */
  readonly variable: string;
  readonly isTls: boolean;
  /** As in the header Proxy-Authorization. */
  readonly authorization?: Secret | undefined;
}

export interface UnusedProxy {
  readonly variable: string;
  readonly transport: Transport;
}

export function formatEndpoint({ host, port }: Address): string {
  return `${host}:${port}`;
}

export function formatProxy(proxy: HttpProxy): string {
  return `the proxy ${formatEndpoint(proxy)} (${proxy.variable})`;
}

/** For an SDK, whose own URL would omit the port. */
export function uriOf(endpoint: Address, transport: Transport): string {
  const where = formatEndpoint(endpoint);
  return transport.endsWith("-ws")
    ? `wss://${where}/$iothub/websocket`
    : `${transport}s://${where}`;
}

/** TLS server name; empty for an IP address, which is not allowed there (RFC 6066). */
export function serverNameOf({ host }: Address): string {
  return isIP(host) === 0 ? host : "";
}

export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|::1)$/i.test(host);
}
