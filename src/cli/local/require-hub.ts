import { findHubFileDamage, type HubDescription } from "../../hub/home/home.ts";
import { requireUsableHome } from "../../hub/home/home-directory.ts";
import { findRunningHub } from "./find-running-hub.ts";
import { LocalHubError } from "./local-hub-error.ts";

/**
 * @param timeoutMs Time limit for its response; at most 10 s.
 * @throws LocalHubError LocalHubNotRunning; HomeError; ClientError ConnectTimeout if it hangs.
 */
export async function requireHub(home: string, timeoutMs: number): Promise<HubDescription> {
  const hub = await findRunningHub(home, { timeoutMs });
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
