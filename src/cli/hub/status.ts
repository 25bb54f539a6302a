/** `c2d-hub status`: the hub that runs for this home. */

import { ClientError } from "../../client/client-error.ts";
import type { HubDescription } from "../../hub/home.ts";
import { whileConnecting } from "../connecting.ts";
import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { formatJsonLine } from "../json-line.ts";
import { type HubStatus, readStatus } from "../local/hub-api.ts";
import { requireHub } from "../local/require-hub.ts";
import type { Context } from "../run-program.ts";
import { readyLine } from "./start.ts";

/** @throws LocalHubError LocalHubNotRunning */
export async function runStatus(home: string, context: Context): Promise<ExitCode> {
  const { io, flags } = context;
  const hub = await requireHub(home);
  const status = await askStatus(hub, context);
  await io.stdout.write(
    flags.output === "json"
      ? formatJsonLine({ ...readyLine(hub), ...status })
      : formatStatus(hub, home, status),
  );
  return EXIT_CODES.done;
}

/** A hub that does not answer is running all the same; undefined then. */
async function askStatus(hub: HubDescription, context: Context): Promise<HubStatus | undefined> {
  try {
    return await whileConnecting(hub.endpoint, context, () => readStatus(hub));
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    context.reporter.warn(`the hub does not say how it is: ${error.message}`);
    return undefined;
  }
}

function formatStatus(hub: HubDescription, home: string, status: HubStatus | undefined): string {
  return `Local hub running: ${hub.hostName}
Process:           ${hub.pid}
Ports:             ${hub.ports.join(", ")}
CA certificate:    ${hub.caFile}
Home:              ${home}
${status ? formatRefused(status) : ""}`;
}

function formatRefused({ refusedHandshakes }: HubStatus): string {
  const help = refusedHandshakes === 0 ? "" : " (do the clients trust the CA? See c2d-hub env)";
  return `Failed handshakes: ${refusedHandshakes}${help}\n`;
}
