/** Trust that this process gives to an authority, while it runs. */

import tls from "node:tls";

/**
 * Makes every TLS client of this process trust one more authority, until the returned function is
 * called. NODE_EXTRA_CA_CERTS is read at start only, and the service SDK has no option of its own.
 */
export function trustInThisProcess(caCertificate: string): () => void {
  const trusted = { caCertificate };
  trustedHere.add(trusted);
  tls.createSecureContext = createTrustingContext;
  return () => {
    trustedHere.delete(trusted);
    if (trustedHere.size === 0) tls.createSecureContext = createSecureContext;
  };
}

const { createSecureContext } = tls;

/** One entry a caller: two may trust the same authority, and each takes back its own. */
const trustedHere = new Set<{ readonly caCertificate: string }>();

function createTrustingContext(options?: tls.SecureContextOptions): tls.SecureContext {
  const context = createSecureContext(options);
  // It is to trust nobody: a server's, which would name to its clients what it trusts.
  if (Array.isArray(options?.ca) && options.ca.length === 0) return context;
  for (const { caCertificate } of trustedHere) context.context.addCACert(caCertificate);
  return context;
}
