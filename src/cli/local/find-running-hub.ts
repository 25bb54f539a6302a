import { type HubDescription, readRunningHub } from "../../hub/home/home.ts";
import { isHomeHub } from "./hub-api.ts";
import type { Bounds } from "./hub-request.ts";

/**
 * Undefined if none is running: `hub.json` may be stale, and its port another program's by now.
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
