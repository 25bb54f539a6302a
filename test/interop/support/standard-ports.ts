/** A hub on the standard ports, on a loopback address of its own. */

import { randomInt } from "node:crypto";
import net from "node:net";
import { STANDARD_PORTS } from "../../../src/hub/home-hub.ts";
import { type InteropHub, startInteropHub } from "./interop-hub.ts";

/** Other than 127.0.0.1, where any hub may be; Linux has all of 127.0.0.0/8. */
const ADDRESS = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`;

/** Whether all of them can be opened here; if not, reports it on stderr. */
export async function canHaveStandardPorts(): Promise<boolean> {
  for (const port of STANDARD_PORTS) {
    const reason = await refusalOf(port);
    if (reason === undefined) continue;
    process.stderr.write(
      `SKIPPED: port ${port} of ${ADDRESS} cannot be listened on (${reason}), what needs it does not run\n`,
    );
    return false;
  }
  return true;
}

function refusalOf(port: number): Promise<string | undefined> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"));
    server.listen(port, ADDRESS, () => server.close(() => resolve(undefined)));
  });
}

/** Its connection strings name the address, without ports. */
export function startStandardHub(): Promise<InteropHub> {
  return startInteropHub({ host: ADDRESS, ports: STANDARD_PORTS });
}
