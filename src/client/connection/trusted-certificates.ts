import { readFileSync } from "node:fs";
import tls from "node:tls";
import { type Address, isLoopback } from "../endpoint.ts";

/** Node 22.15 and later; absent on Node 20, and from its types. */
interface LaterTls {
  readonly getCACertificates?: (type: "default") => readonly string[];
}

/**
 * Adds to what this process trusts, because Node's `ca` option replaces it, and a proxy or a real
 * hub must stay trusted. Undefined without `extraCa`: Node's default applies untouched.
 *
 * The public authorities are left out for a loopback name, for which they issue no certificates:
 * parsing all of them takes 20 to 50 ms.
 */
export function trustedCertificates(
  extraCa: string | undefined,
  { host }: Address,
): string[] | undefined {
  if (extraCa === undefined) return undefined;
  return [...(isLoopback(host) ? environmentCertificates() : defaultCertificates()), extraCa];
}

function defaultCertificates(): readonly string[] {
  const { getCACertificates } = tls as LaterTls;
  return getCACertificates?.("default") ?? [...tls.rootCertificates, ...environmentCertificates()];
}

/** Node reads this file itself; Node 20 does not expose its content. */
function environmentCertificates(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS;
  if (!path) return [];
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
