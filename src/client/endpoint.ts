import { isIP } from "node:net";
import { splitHostPort } from "../core/connection-string.ts";

export type Transport = "mqtt" | "mqtt-ws" | "amqp" | "amqp-ws" | "http";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

const PORTS: Readonly<Record<Transport, number>> = {
  mqtt: 8883,
  "mqtt-ws": 443,
  amqp: 5671,
  "amqp-ws": 443,
  http: 443,
};

/** @param where A host name, with `:port` when it carries one, or its two parts. */
export function endpointOf(
  where: string | { readonly host: string; readonly port?: number | undefined },
  transport: Transport,
): Endpoint {
  const { host, port = PORTS[transport] } =
    typeof where === "string" ? splitHostPort(where) : where;
  return { host, port };
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}

/** For an SDK, whose own URL would omit the port. */
export function uriOf(endpoint: Endpoint, transport: Transport): string {
  const where = formatEndpoint(endpoint);
  return transport.endsWith("-ws")
    ? `wss://${where}/$iothub/websocket`
    : `${transport}s://${where}`;
}

/** TLS server name; empty for an IP address, which is not allowed there (RFC 6066). */
export function serverNameOf({ host }: Endpoint): string {
  return isIP(host) === 0 ? host : "";
}

export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|::1)$/i.test(host);
}
