/**
 * Has this process find the name `localhost` at the address where the local hub listens.
 *
 * Why: connection strings name the hub `localhost`, since SDKs cannot take an IPv6 address there and
 * its certificate is checked for the name; but a hub at ::1 is not where every machine's `localhost`
 * leads. The SDKs have no option for an address beside the name, and all of them look names up by
 * `dns.lookup`, which Node reads at each connection.
 */

import dns from "node:dns";
import { isIP } from "node:net";
import { connectableAddress, type HubDescription } from "../../hub/home/home.ts";

const { lookup } = dns;

/** Holds for all connections of this process from now on, until it is called for another hub. */
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
