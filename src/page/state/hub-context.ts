import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { type Followed, followHub } from "./hub-stream.ts";
import type { PageState } from "./page-state.ts";

export interface Hub extends PageState {
  /** By the hub's clock; advances once a second. */
  readonly nowMs: number;
}

const TICK_MS = 1000;

const HubContext = createContext<Hub | undefined>(undefined);
export const HubProvider = HubContext.Provider;

/** Below a provider only. */
export function useHub(): Hub {
  const hub = useContext(HubContext);
  if (!hub) throw new Error("there is no hub");
  return hub;
}

export function useFollowedHub(): Followed {
  const [followed, setFollowed] = useState<Followed>({ link: "connecting", state: undefined });
  useEffect(() => followHub(setFollowed), []);
  return followed;
}

/** This computer's clock. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
