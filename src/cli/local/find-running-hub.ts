/** Finds the running hub of a home directory. */

import { type HubDescription, readRunningHub } from "../../hub/home/home.ts";
import { type Bounds, isHomeHub } from "./hub-api.ts";

/**
 * Undefined if none is running or `hub.json` is stale: its process id and port may belong to another
 * program by now.
 *
 * @throws ClientError ConnectTimeout for a hub that does not respond; the signal's reason.
 */
export async function findRunningHub(
  home: string,
  bounds: Bounds = {},
): Promise<HubDescription | undefined> {
  const hub = readRunningHub(home);
  return hub && (await isHomeHub(hub, bounds)) ? hub : undefined;
}
