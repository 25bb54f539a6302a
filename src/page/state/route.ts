/** The view and its filters stand in the address, after `#/`. */

import { useEffect, useState } from "preact/hooks";
import { parseRoute, type Route, routeHash } from "./route-hash.ts";

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = (): void => setHash(location.hash);
    // It may have changed since it was rendered.
    update();
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return parseRoute(hash);
}

/** Without an entry in the browser's history. */
export function replaceRoute(route: Route): void {
  history.replaceState(null, "", routeHash(route));
  dispatchEvent(new HashChangeEvent("hashchange"));
}

export function pushRoute(route: Route): void {
  location.hash = routeHash(route);
}
