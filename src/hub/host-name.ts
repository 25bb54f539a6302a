import { DEFAULT_HOST } from "./local-hub-options.ts";

/** Default ports of SDKs, for connection strings without one: MQTT and AMQP. */
const PORTS_WITHOUT_MENTION = [8883, 5671] as const;

/** Listen addresses, besides IPv6 ones, that `localhost` reaches. */
const NAMED_LOCALHOST: readonly string[] = [DEFAULT_HOST, "0.0.0.0", "localhost"];

/** For connection strings. */
export function hostNameOf(host: string, ports: readonly number[]): string {
  const isStandard = PORTS_WITHOUT_MENTION.every((port) => ports.includes(port));
  return isStandard ? nameOf(host) : `${nameOf(host)}:${ports[0]}`;
}

/** For clients on this machine; an IPv6 address would be ambiguous with a port. */
export function nameOf(host: string): string {
  return NAMED_LOCALHOST.includes(host) || host.includes(":") ? "localhost" : host;
}
