/** `c2d-hub status`: the hub that runs for this home. */

import { EXIT_CODES, type ExitCode } from "../exit-code.ts";
import { formatJsonLine } from "../json-line.ts";
import { requireHub } from "../local/require-hub.ts";
import type { Context } from "../run-program.ts";
import { readyLine } from "./start.ts";

/** @throws LocalHubError LocalHubNotRunning */
export async function runStatus(home: string, { io, flags }: Context): Promise<ExitCode> {
  const hub = await requireHub(home);
  const text = `Local hub running: ${hub.hostName}
Process:           ${hub.pid}
Ports:             ${hub.ports.join(", ")}
CA certificate:    ${hub.caFile}
Home:              ${home}
`;
  await io.stdout.write(flags.output === "json" ? formatJsonLine(readyLine(hub)) : text);
  return EXIT_CODES.done;
}
