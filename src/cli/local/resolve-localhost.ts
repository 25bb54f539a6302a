/**
 * Connection strings name the hub `localhost`: SDKs accept no IPv6 address there and check the
 * certificate against the name, but `localhost` does not resolve to ::1 everywhere. SDKs have no
 * option for an address in addition to the name; all of them read `dns.lookup` at each connection.
 */

import dns from "node:dns";
import { isIP } from "node:net";
import { connectableAddress, type HubDescription } from "../../hub/home/home.ts";

const { lookup } = dns;

/** Applies to all connections of this process until called for another hub. */
export function resolveLocalhostTo({ host }: Pick<HubDescription, "host">): void {
  const address = connectableAddress(host);
  const family = isIP(address);
  dns.lookup = (family === 0 ? lookup : lookupWith(address, family)) as typeof lookup;
}

type Callback = (error: null, address: string | dns.LookupAddress[], family?: number) => void;

function lookupWith(address: string, family: number) {
  return (name: string, options: dns.LookupOptions | Callback, callback?: Callback): void => {
    if (name !== "localhost") {
      (lookup as (...args: unknown[]) => void)(name, options, callback);
      return;
    }
    const isAll = typeof options === "object" && options.all === true;
    const done = typeof options === "function" ? options : callback;
    process.nextTick(() => {
      if (isAll) done?.(null, [{ address, family }]);
      else done?.(null, address, family);
    });
  };
}
