import type { Server } from "node:net";
import { PortUnavailable } from "./port-unavailable.ts";

/** @throws PortUnavailable; its cause has the code of the operating system. */
export async function listenOn(server: Server, port: number, host: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, host, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (error) {
    throw new PortUnavailable(port, describe(codeOf(error), port, host), { cause: error });
  }
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function describe(code: unknown, port: number, host: string): string {
  if (code === "EADDRINUSE")
    return `Port ${port} on ${host} is in use by another process, perhaps a hub with another C2D_HOME.`;
  if (code === "EACCES")
    return `Port ${port} on ${host} needs privileges that this user does not have.`;
  return `Cannot listen on port ${port} on ${host} (${String(code)}).`;
}
