/** Where a connection goes. */

import { splitHostPort } from "../../core/connection-string.ts";

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export function endpointOf(hostName: string, defaultPort: number): Endpoint {
  const { host, port = defaultPort } = splitHostPort(hostName);
  return { host, port };
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return `${host}:${port}`;
}
