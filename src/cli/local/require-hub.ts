/** The running hub, for commands that need one and start none. */

import type { HubDescription } from "../../hub/home.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { LocalHubError } from "./local-hub-error.ts";

/**
 * @param timeoutMs How long it may take to answer; never more than 10 s.
 * @throws LocalHubError LocalHubNotRunning; ClientError ConnectTimeout for a hub that hangs.
 */
export async function requireHub(home: string, timeoutMs: number): Promise<HubDescription> {
  const hub = await findRunningHub(home, { timeoutMs });
  if (hub !== undefined) return hub;
  throw new LocalHubError(
    "LocalHubNotRunning",
    `No local hub is running for ${home}.`,
    "Start one: c2d-hub start. Commands with --local start one themselves.",
  );
}
