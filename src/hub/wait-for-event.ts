import { createDeferred } from "../async/deferred.ts";
import { formatDuration } from "../async/format-duration.ts";
import { type OptionRange, requireInRange, validateOptions } from "../core/hub-options.ts";
import { HUB_EVENT_TYPES, type HubEvent, type HubEventListener } from "./model/events.ts";
import { HubStoppedError } from "./runtime/lifetime.ts";

export interface WaitOptions {
  /**
   * Whole milliseconds, from 1, of real time whatever clock the hub has. Default 4000: less than the
   * 5 s that vitest gives a test, so that this error is the one that is seen.
   */
  readonly timeoutMs?: number;
}

type EventOf<T extends HubEvent["type"]> = Extract<HubEvent, { readonly type: T }>;

export interface WaitFor {
  <T extends HubEvent["type"]>(type: T, options?: WaitOptions): Promise<EventOf<T>>;
  (predicate: (event: HubEvent) => boolean, options?: WaitOptions): Promise<HubEvent>;
}

/** `waitFor` has seen no such event in its time. */
export class WaitTimeoutError extends Error {
  override readonly name = "WaitTimeoutError";
  /** The types of the events that it has seen, in order. */
  readonly seen: readonly HubEvent["type"][];

  constructor(what: string, timeoutMs: number, seen: readonly HubEvent["type"][]) {
    const others = seen.length === 0 ? "Nothing happened." : `Seen: ${seen.join(", ")}.`;
    super(`The local hub reported no ${what} within ${formatDuration(timeoutMs)}. ${others}`);
    this.seen = seen;
  }
}

interface WatchedHub {
  readonly stopped: Promise<void>;
  subscribe(listener: HubEventListener): () => void;
}

const DEFAULT_TIMEOUT_MS = 4000;

/** The types last seen are enough to tell what went wrong. */
const MAX_SEEN = 50;

const RANGES: Readonly<Record<keyof WaitOptions, OptionRange>> = {
  timeoutMs: {
    text: "a whole number of milliseconds from 1 to 2147483647",
    includes: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) < 2 ** 31,
  },
};

const TYPE_RANGE: OptionRange = {
  text: `a predicate, or one of ${HUB_EVENT_TYPES.join(", ")}`,
  includes: (value) =>
    typeof value === "function" || HUB_EVENT_TYPES.some((type) => type === value),
};

/** @throws InvalidOptionError; WaitTimeoutError; HubStoppedError; whatever `wanted` throws. */
export async function waitForEvent(
  hub: WatchedHub,
  wanted: HubEvent["type"] | ((event: HubEvent) => boolean),
  options: WaitOptions = {},
): Promise<HubEvent> {
  requireInRange("type", TYPE_RANGE, wanted);
  validateOptions(options, RANGES);
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const isWanted =
    typeof wanted === "function" ? wanted : ({ type }: HubEvent): boolean => type === wanted;
  const what = typeof wanted === "function" ? "event that the predicate accepts" : `'${wanted}'`;
  const seen: HubEvent["type"][] = [];
  const found = createDeferred<HubEvent>();
  const unsubscribe = hub.subscribe((event) => {
    seen.push(event.type);
    if (seen.length > MAX_SEEN) seen.shift();
    try {
      if (isWanted(event)) found.resolve(event);
    } catch (error) {
      found.reject(error as Error);
    }
  });
  const timer = setTimeout(
    () => found.reject(new WaitTimeoutError(what, timeoutMs, seen)),
    timeoutMs,
  );
  const onStop = (): void => found.reject(new HubStoppedError());
  hub.stopped.then(onStop, onStop);
  try {
    return await found.promise;
  } finally {
    clearTimeout(timer);
    unsubscribe();
  }
}
