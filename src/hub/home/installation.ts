import { createPrivateKey, X509Certificate } from "node:crypto";
import { DEFAULT_POLICIES, OWNER_POLICY, type Policy } from "../../core/device-identity.ts";
import { type CertificateWithKey, createCertificateAuthority } from "../listener/certificates.ts";
import { createKey } from "../model/identity-registry.ts";
import { readHomeFile } from "./home.ts";
import { homeDamaged } from "./home-error.ts";

export interface Installation {
  readonly authority: CertificateWithKey;
  readonly policies: readonly Policy[];
}

export function createInstallation(nowMs: number): Installation {
  return { authority: createCertificateAuthority(nowMs), policies: createPolicies() };
}

/** @throws HomeError */
export function readInstallation(path: string): Installation {
  const text = readHomeFile(path);
  try {
    return parseInstallation(text);
  } catch (error) {
    throw homeDamaged(path, error instanceof Error ? error.message : String(error));
  }
}

/** @throws Error that describes the problem without showing a key. */
function parseInstallation(text: string): Installation {
  const installation = parseJson(text) as Partial<Installation> | null;
  const { authority, policies } = installation ?? {};
  if (!isKeyPair(authority)) throw new Error("it contains no certificate with its key");
  if (!Array.isArray(policies) || !policies.every(isPolicy)) {
    throw new Error("it contains no list of policies with keys");
  }
  if (!policies.some(({ name }) => name === OWNER_POLICY)) {
    throw new Error(`it contains no policy ${OWNER_POLICY}`);
  }
  return { authority, policies };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message would quote the text.
    throw new Error("it is not JSON");
  }
}

function isKeyPair(value: Partial<CertificateWithKey> | undefined): value is CertificateWithKey {
  try {
    const certificate = new X509Certificate(value?.certificate ?? "");
    return certificate.checkPrivateKey(createPrivateKey(value?.privateKey ?? ""));
  } catch {
    return false;
  }
}

function isPolicy(value: Partial<Policy> | null): value is Policy {
  const { name, permissions, primaryKey, secondaryKey } = value ?? {};
  return (
    [name, primaryKey, secondaryKey].every((text) => typeof text === "string" && text !== "") &&
    Array.isArray(permissions)
  );
}

function createPolicies(): Policy[] {
  return Object.entries(DEFAULT_POLICIES).map(([name, permissions]) => ({
    name,
    permissions,
    primaryKey: createKey(),
    secondaryKey: createKey(),
  }));
}
