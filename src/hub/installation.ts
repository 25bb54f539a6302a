/** What makes an installation of the hub its own: its certificate authority and its policies' keys. */

import { DEFAULT_POLICIES, type Policy } from "../core/device-identity.ts";
import { createKey } from "./registry.ts";
import { type CertificateWithKey, createCertificateAuthority } from "./tls.ts";

export interface Installation {
  readonly authority: CertificateWithKey;
  readonly policies: readonly Policy[];
}

/** A new one, with random keys. */
export async function createInstallation(nowMs: number): Promise<Installation> {
  return { authority: await createCertificateAuthority(nowMs), policies: createPolicies() };
}

function createPolicies(): Policy[] {
  return Object.entries(DEFAULT_POLICIES).map(([name, permissions]) => ({
    name,
    permissions,
    primaryKey: createKey(),
    secondaryKey: createKey(),
  }));
}
