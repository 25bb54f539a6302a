/** As on Azure. */

import type { Session } from "rhea";
import { SESSION } from "./rhea-internals.ts";

export const OPEN_FIELDS = {
  max_frame_size: 65_536,
  channel_max: 8191,
  idle_time_out: 240_000,
} as const;

/** In transfers. */
export const INCOMING_WINDOW = 5000;

const HANDLE_MAX = 262_143;

/** Call for a session that has just begun, before the hub answers. */
export function limitHandles(session: Session): void {
  SESSION.of(session).local.begin.handle_max = HANDLE_MAX;
}
