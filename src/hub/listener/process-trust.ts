import tls from "node:tls";

/**
 * For every TLS client of this process, until the returned function is called. NODE_EXTRA_CA_CERTS
 * is read only at process start, and the service SDK has no option for it.
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

/** One entry per caller: two may add the same authority, and each removes its own. */
const trustedHere = new Set<{ readonly caCertificate: string }>();

function createTrustingContext(options?: tls.SecureContextOptions): tls.SecureContext {
  const context = createSecureContext(options);
  // A server's context, which would list trusted authorities to its clients.
  if (Array.isArray(options?.ca) && options.ca.length === 0) return context;
  for (const { caCertificate } of trustedHere) context.context.addCACert(caCertificate);
  return context;
}
