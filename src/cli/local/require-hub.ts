/** The running hub, for commands that need one and start none. */

import { findRunningHub, type HubDescription } from "../../hub/home.ts";
import { LocalHubError } from "./local-hub-error.ts";

/** @throws LocalHubError LocalHubNotRunning */
export async function requireHub(home: string): Promise<HubDescription> {
  const hub = await findRunningHub(home);
  if (hub !== undefined) return hub;
  throw new LocalHubError(
    "LocalHubNotRunning",
    `No local hub is running for ${home}.`,
    "Start one: c2d-hub start. Commands with --local start one themselves.",
  );
}
