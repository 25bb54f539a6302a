/** What the hub says when a connection or a session opens: as the cloud's OPEN and BEGIN have it. */

import type { Session } from "rhea";
import { SESSION } from "./rhea-internals.ts";

export const OPEN_FIELDS = {
  max_frame_size: 65_536,
  channel_max: 8191,
  idle_time_out: 240_000,
} as const;

/** Transfers a session takes before the hub has settled any. */
export const INCOMING_WINDOW = 5000;

const HANDLE_MAX = 262_143;

/** To be called for a session that has just begun, before the hub answers. */
export function limitHandles(session: Session): void {
  SESSION.of(session).local.begin.handle_max = HANDLE_MAX;
}
