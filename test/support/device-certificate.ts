import {
  createHash,
  X509Certificate as NodeCertificate,
  randomBytes,
  webcrypto,
} from "node:crypto";
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  PemConverter,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

const KEYS = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const HOUR_MS = 60 * 60 * 1000;

/** A certificate signed with its own key. */
export function selfSigned(commonName: string): Promise<KeyedCertificate> {
  return issue(commonName, undefined, false);
}

export function createAuthority(commonName = "test authority"): Promise<KeyedCertificate> {
  return issue(commonName, undefined, true);
}

export function issuedBy(
  authority: KeyedCertificate,
  commonName: string,
  { notAfterMs = Date.now() + HOUR_MS } = {},
): Promise<KeyedCertificate> {
  return issue(commonName, authority, false, notAfterMs);
}

/** Hex, without colons. */
export function thumbprintOf({ cert }: KeyedCertificate, hash: "sha1" | "sha256"): string {
  return createHash(hash).update(new NodeCertificate(cert).raw).digest("hex");
}

async function issue(
  commonName: string,
  authority: KeyedCertificate | undefined,
  isAuthority: boolean,
  notAfterMs = Date.now() + HOUR_MS,
): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const issuer = authority && new X509Certificate(authority.cert);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString("hex")}`,
    subject: `CN=${commonName}`,
    issuer: issuer?.subject ?? `CN=${commonName}`,
    notBefore: new Date(Date.now() - 2 * HOUR_MS),
    notAfter: new Date(notAfterMs),
    signingAlgorithm: SIGNING,
    publicKey: keys.publicKey,
    signingKey: authority ? await importKey(authority.key) : keys.privateKey,
    extensions: [new BasicConstraintsExtension(isAuthority, undefined, true)],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { cert: certificate.toString("pem"), key: PemConverter.encode(pkcs8, "PRIVATE KEY") };
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), KEYS, false, ["sign"]);
}
