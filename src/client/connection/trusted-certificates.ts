import { readFileSync } from "node:fs";
import tls from "node:tls";

/** Node 22.15 and later; absent on Node 20, and from its types. */
interface LaterTls {
  readonly getCACertificates?: (type: "default") => readonly string[];
}

/**
 * Adds to what this process trusts, because Node's `ca` option replaces it, and a proxy or a real
 * hub must stay trusted. Undefined without `extraCa`: Node's default applies untouched.
 */
export function trustedCertificates(extraCa: string | undefined): string[] | undefined {
  return extraCa === undefined ? undefined : [...defaultCertificates(), extraCa];
}

function defaultCertificates(): readonly string[] {
  const { getCACertificates } = tls as LaterTls;
  return getCACertificates?.("default") ?? [...tls.rootCertificates, ...environmentCertificates()];
}

/** Node 20 reads this file itself but does not expose its content. */
function environmentCertificates(): string[] {
  const path = process.env.NODE_EXTRA_CA_CERTS;
  if (!path) return [];
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
