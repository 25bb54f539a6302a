/** Follows the hub: one stream, only while the page is visible, opened again by itself. */

import { API_PATH, type Changes, type Snapshot } from "../../hub/page/page-types.ts";
import { fromSnapshot, type PageState, withChanges } from "./page-state.ts";

/**
 * `unauthorized`: the hub runs, but wants its address with the key again; `full`: it has as many
 * pages open as it serves.
 */
export type Link = "connecting" | "live" | "lost" | "unauthorized" | "full";

const LINKS: Readonly<Record<number, Link>> = { 401: "unauthorized", 503: "full" };

export interface Followed {
  readonly link: Link;
  /** The last that is known, also while there is no connection. */
  readonly state: PageState | undefined;
}

type Message = { readonly snapshot: Snapshot } | { readonly changes: Changes };

const SHORTEST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2000;

/** @returns ends it. */
export function followHub(onChange: (followed: Followed) => void): () => void {
  let followed: Followed = { link: "connecting", state: undefined };
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let retryMs = SHORTEST_RETRY_MS;
  let frame = 0;
  let waiting: Message[] = [];

  const show = (next: Partial<Followed>): void => {
    followed = { ...followed, ...next };
    onChange(followed);
  };

  const applyWaiting = (): void => {
    frame = 0;
    const nowMs = Date.now();
    const state = waiting.reduce<PageState | undefined>(
      (before, message) => applyMessage(before, message, nowMs),
      followed.state,
    );
    waiting = [];
    show({ link: "live", state });
  };

  /** However many there are: once in each frame. */
  const receive = (message: Message): void => {
    if ("snapshot" in message) waiting = [];
    waiting.push(message);
    frame ||= requestAnimationFrame(applyWaiting);
  };

  const close = (): void => {
    source?.close();
    source = undefined;
    clearTimeout(retry);
    cancelAnimationFrame(frame);
    frame = 0;
    waiting = [];
  };

  const open = (): void => {
    close();
    const opened = new EventSource(`${API_PATH}stream`);
    source = opened;
    opened.addEventListener("snapshot", ({ data }) => {
      retryMs = SHORTEST_RETRY_MS;
      receive({ snapshot: JSON.parse(data) });
    });
    opened.addEventListener("changes", ({ data }) => receive({ changes: JSON.parse(data) }));
    opened.addEventListener("error", () => {
      close();
      void findLink().then((link) => {
        if (source || document.hidden) return;
        show({ link });
        retry = setTimeout(open, retryMs);
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      });
    });
  };

  const followVisibility = (): void => {
    if (document.hidden) close();
    else if (!source) open();
  };
  document.addEventListener("visibilitychange", followVisibility);
  followVisibility();
  return () => {
    document.removeEventListener("visibilitychange", followVisibility);
    close();
  };
}

function applyMessage(
  before: PageState | undefined,
  message: Message,
  nowMs: number,
): PageState | undefined {
  if ("changes" in message) return before && withChanges(before, message.changes, nowMs);
  const after = fromSnapshot(message.snapshot, nowMs);
  // A hub of another version brings its own page.
  if (before && before.hub.version !== after.hub.version) location.reload();
  return after;
}

/** An EventSource does not tell why it has ended. */
async function findLink(): Promise<Link> {
  const request = new AbortController();
  try {
    const { status } = await fetch(`${API_PATH}stream`, { signal: request.signal });
    return LINKS[status] ?? "lost";
  } catch {
    return "lost";
  } finally {
    request.abort();
  }
}
