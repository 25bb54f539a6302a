import { isLoopback } from "../../client/endpoint.ts";
import { ClientError } from "../../client/errors/client-error.ts";
import { splitHostPort } from "../../core/connection-string.ts";
import { type HubDescription, readRunningHub } from "../../hub/home/home.ts";
import type { Context } from "../program/run-program.ts";
import { loadHubHome } from "./hub-home.ts";
import { notResponding } from "./hub-request.ts";

/** Turns a timeout at this user's local hub, however it is named, into an error that it hangs. */
export async function diagnoseHungHub<T>(
  hostName: string,
  context: Pick<Context, "flags" | "io">,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ClientError) || error.name !== "ConnectTimeout") throw error;
    const hub = findHubAt(hostName, findHome(context));
    throw hub ? notResponding(hub, error) : error;
  }
}

/** Undefined if the settings give no usable home. */
function findHome({ flags, io }: Pick<Context, "flags" | "io">): string | undefined {
  try {
    return loadHubHome(flags, io).home;
  } catch {
    return undefined;
  }
}

function findHubAt(hostName: string, home: string | undefined): HubDescription | undefined {
  const { host, port } = splitHostPort(hostName);
  const hub = home === undefined ? undefined : readRunningHub(home);
  if (hub === undefined) return undefined;
  const isAddress = isLoopback(host) || host === splitHostPort(hub.endpoint).host;
  return isAddress && (port === undefined || hub.ports.includes(port)) ? hub : undefined;
}
