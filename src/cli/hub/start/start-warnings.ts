import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { splitHostPort } from "../../../core/connection-string.ts";
import { connectableAddress, type HubDescription } from "../../../hub/home/home.ts";
import { UNPRIVILEGED_HTTPS_PORT } from "../../../hub/listener/protocol-listener.ts";
import type { LocalHub } from "../../../hub/local-hub.ts";
import type { StartFlags } from "./start-flags.ts";

export async function findWarnings(hub: LocalHub, flags: StartFlags): Promise<string[]> {
  const { host = "127.0.0.1" } = flags;
  const { hostName } = hub;
  const warnings = [
    networkWarning(flags),
    port443Warning(hub, flags),
    await localhostWarning({ hostName, host }),
  ];
  return warnings.filter((warning) => warning !== undefined);
}

function networkWarning({ host }: StartFlags): string | undefined {
  if (host === undefined || host === "localhost" || host === "::1" || host.startsWith("127."))
    return undefined;
  return `--host ${host} opens the hub to the network; anyone who has its keys can use it. It is meant for tests, not for production.`;
}

/** Only for the default ports: with `--port` the user has chosen. */
function port443Warning({ ports }: LocalHub, { port }: StartFlags): string | undefined {
  if (port !== undefined || !ports.includes(UNPRIVILEGED_HTTPS_PORT)) return undefined;
  return `port 443 needs privileges that this user does not have; using ${UNPRIVILEGED_HTTPS_PORT} instead. The Azure SDKs and az iot use 443 for WebSocket (mqtt-ws, amqp-ws), HTTP devices and REST (the registry), and cannot reach this hub that way; MQTT on 8883, AMQP on 5671 and the c2d commands work.${port443Hint()}`;
}

function port443Hint(): string {
  if (process.platform !== "linux") return "";
  const setting = "net.ipv4.ip_unprivileged_port_start=443";
  return ` To allow 443: sudo sysctl ${setting}; or, for Node alone, sudo setcap cap_net_bind_service=+ep ${process.execPath}; or, for a container, docker run --sysctl ${setting}.`;
}

/** For other clients, which resolve the hub's name; our own use its address. */
export async function localhostWarning({
  hostName,
  host,
}: Pick<HubDescription, "hostName" | "host">): Promise<string | undefined> {
  const address = connectableAddress(host);
  if (isIP(address) === 0 || splitHostPort(hostName).host !== "localhost") return undefined;
  const found = await lookup("localhost", { all: true }).catch(() => []);
  if (found.some((one) => one.address === address)) return undefined;
  return `connection strings name the hub localhost, which does not resolve to ${address} on this machine. The c2d commands reach it with --local; for other clients add "${address} localhost" to the hosts file.`;
}
