/** The running hub of a home directory, if it is one that answers. */

import { type HubDescription, readRunningHub } from "../../hub/home.ts";
import { ANSWER_TIMEOUT_MS, answersAs } from "./hub-api.ts";

/**
 * Undefined when none runs, or when what `hub.json` says is stale: behind its process id and port
 * there may be another program by now.
 *
 * @param timeoutMs How long the hub may take to answer; never more than 10 s.
 * @throws ClientError ConnectTimeout for a hub that does not answer.
 */
export async function findRunningHub(
  home: string,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<HubDescription | undefined> {
  const hub = readRunningHub(home);
  return hub && (await answersAs(hub, timeoutMs)) ? hub : undefined;
}
