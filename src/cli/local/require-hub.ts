import { findHubFileDamage, type HubDescription } from "../../hub/home/home.ts";
import { requireUsableHome } from "../../hub/home/home-directory.ts";
import { findRunningHub } from "./find-running-hub.ts";
import type { Bounds } from "./hub-request.ts";
import { LocalHubError } from "./local-hub-error.ts";

/**
 * @throws LocalHubError LocalHubNotRunning; HomeError; ClientError ConnectTimeout if it hangs; the signal's reason.
 */
export async function requireHub(home: string, bounds: Bounds): Promise<HubDescription> {
  const hub = await findRunningHub(home, bounds);
  if (hub !== undefined) return hub;
  throw new LocalHubError(
    "LocalHubNotRunning",
    describeAbsence(home),
    "Start one with c2d-hub start. Commands with --local start one automatically.",
  );
}

/** @throws HomeError HomeUnusable if the home cannot hold a hub. */
export function describeAbsence(home: string): string {
  requireUsableHome(home);
  const damage = findHubFileDamage(home);
  const because = damage === undefined ? "" : ` ${damage.message}`;
  return `No local hub is running for ${home}.${because}`;
}
