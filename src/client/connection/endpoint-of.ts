import { splitHostPort } from "../../core/connection-string.ts";
import { type Endpoint, isLoopback, type Transport } from "../endpoint.ts";
import { findProxy, proxyVariableFor } from "../proxy/find-proxy.ts";

const PORTS: Readonly<Record<Transport, number>> = {
  mqtt: 8883,
  "mqtt-ws": 443,
  amqp: 5671,
  "amqp-ws": 443,
  http: 443,
};

/**
 * Where a transport connects, and through which proxy.
 *
 * @param where A host name, with `:port` when it carries one, or its two parts.
 * @throws ClientError ConfigurationError when the proxy's address cannot be used.
 */
export function endpointOf(
  where: string | { readonly host: string; readonly port?: number | undefined },
  transport: Transport,
): Endpoint {
  const { host, port = PORTS[transport] } =
    typeof where === "string" ? splitHostPort(where) : where;
  const address = { host, port };
  if (isLoopback(host)) return address;
  if (PORTS[transport] === 443) return { ...address, proxy: findProxy(address) };
  const variable = proxyVariableFor(address);
  return { ...address, unusedProxy: variable === undefined ? undefined : { variable, transport } };
}
