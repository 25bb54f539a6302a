import type { HubDescription } from "../../hub/home/home.ts";
import { whileConnecting } from "../local/connecting.ts";
import { type HubStatus, readStatus } from "../local/hub-api.ts";
import { loadHubHome } from "../local/hub-home.ts";
import { requireHub } from "../local/require-hub.ts";
import type { CommonFlags } from "../program/common-options.ts";
import type { Context } from "../program/run-program.ts";
import { EXIT_CODES, type ExitCode } from "../terminal/exit-code.ts";
import { formatJsonLine } from "../terminal/json-line.ts";
import { readyLine } from "./start/start.ts";

export interface StatusFlags extends CommonFlags {
  readonly connectTimeout: number;
}

export async function status(flags: StatusFlags, context: Context): Promise<ExitCode> {
  const { home } = loadHubHome(flags, context.io);
  return await runStatus(home, flags.connectTimeout, context);
}

/** @throws LocalHubError LocalHubNotRunning; ClientError ConnectTimeout for a hub that hangs. */
export async function runStatus(
  home: string,
  connectTimeoutMs: number,
  context: Context,
): Promise<ExitCode> {
  const { io, flags } = context;
  const ask = async () => {
    const hub = await requireHub(home, { timeoutMs: connectTimeoutMs });
    return { hub, status: await readStatus(hub, connectTimeoutMs) };
  };
  const { hub, status } = await whileConnecting("the local hub", context, ask);
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ ...readyLine(hub), ...status })
      : formatStatus(hub, home, status),
  );
  return EXIT_CODES.done;
}

function formatStatus(hub: HubDescription, home: string, status: HubStatus): string {
  const { version, startedAtUtc, devices, connections, messagesWaiting } = status;
  const rows: readonly (readonly [string, string | number | undefined])[] = [
    ["Local hub running:", hub.hostName],
    ["Version:", version],
    ["Running since:", startedAtUtc],
    ["Process:", hub.pid],
    ["Ports:", hub.ports.join(", ")],
    ["CA certificate:", hub.caFile],
    ["Page:", hub.ui && `${hub.ui} (open it with c2d-hub ui)`],
    ["Home:", home],
    ["Devices:", devices],
    ["Clients:", connections && formatConnections(connections)],
    ["Messages waiting:", messagesWaiting],
    ["Failed handshakes:", formatRefused(status)],
  ];
  // An older version of the hub does not say everything.
  const known = rows.filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${name.padEnd(18)} ${value}\n`).join("");
}

function formatConnections(connections: Readonly<Record<string, number>>): string {
  const open = Object.entries(connections).filter(([, count]) => count > 0);
  return open.map(([protocol, count]) => `${count} ${protocol}`).join(", ") || "none";
}

function formatRefused({ refusedHandshakes }: HubStatus): string {
  const help = refusedHandshakes === 0 ? "" : " (do the clients trust the CA? See c2d-hub env)";
  return `${refusedHandshakes}${help}`;
}
