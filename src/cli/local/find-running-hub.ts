/** The running hub of a home directory, if it is one that answers. */

import { type HubDescription, readRunningHub } from "../../hub/home/home.ts";
import { type Bounds, isHomeHub } from "./hub-api.ts";

/**
 * Undefined when none runs, or when what `hub.json` says is stale: behind its process id and port
 * there may be another program by now.
 *
 * @throws ClientError ConnectTimeout for a hub that does not answer; the reason of the signal.
 */
export async function findRunningHub(
  home: string,
  bounds: Bounds = {},
): Promise<HubDescription | undefined> {
  const hub = readRunningHub(home);
  return hub && (await isHomeHub(hub, bounds)) ? hub : undefined;
}
