import {
  createHash,
  X509Certificate as NodeCertificate,
  randomBytes,
  webcrypto,
} from "node:crypto";
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  type Extension,
  Name,
  PemConverter,
  type PublicKey,
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

export interface CertificateFields {
  readonly isAuthority?: boolean;
  /** Authorities that may follow below an authority. */
  readonly pathLength?: number;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  readonly extensions?: readonly Extension[];
}

/** A certificate signed with its own key. */
export function selfSigned(commonName: string, fields: CertificateFields = {}) {
  return issue(commonName, undefined, fields);
}

export function createAuthority(commonName = "test authority", fields: CertificateFields = {}) {
  return issue(commonName, undefined, { isAuthority: true, ...fields });
}

export function issuedBy(
  authority: KeyedCertificate,
  commonName: string,
  fields: CertificateFields = {},
): Promise<KeyedCertificate> {
  return issue(commonName, authority, fields);
}

/** Another certificate for the same name and key, by another authority. */
export async function crossSigned(
  subject: KeyedCertificate,
  authority: KeyedCertificate,
): Promise<KeyedCertificate> {
  const { subject: name, publicKey } = new X509Certificate(subject.cert);
  const cert = await sign(name, publicKey, authority, { isAuthority: true });
  return { cert, key: subject.key };
}

/** The certificate chain as a client sends it. */
export function withChain(
  own: KeyedCertificate,
  ...others: readonly KeyedCertificate[]
): KeyedCertificate {
  return { key: own.key, cert: [own, ...others].map(({ cert }) => cert).join("\n") };
}

/** Hex, without colons. */
export function thumbprintOf({ cert }: KeyedCertificate, hash: "sha1" | "sha256"): string {
  return createHash(hash).update(new NodeCertificate(cert).raw).digest("hex");
}

async function issue(
  commonName: string,
  authority: KeyedCertificate | undefined,
  fields: CertificateFields,
): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ["sign", "verify"]);
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  const key = PemConverter.encode(pkcs8, "PRIVATE KEY");
  const subject = new Name([{ CN: [commonName] }]).toString();
  return { cert: await sign(subject, keys.publicKey, authority ?? key, fields), key };
}

/** @param by an authority, or the private key of a certificate that signs itself. */
async function sign(
  subject: string,
  publicKey: webcrypto.CryptoKey | PublicKey,
  by: KeyedCertificate | string,
  fields: CertificateFields,
): Promise<string> {
  const { isAuthority = false, pathLength, extensions = [] } = fields;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `01${randomBytes(8).toString("hex")}`,
    subject,
    issuer: typeof by === "string" ? subject : new X509Certificate(by.cert).subject,
    notBefore: new Date(fields.notBeforeMs ?? Date.now() - 2 * HOUR_MS),
    notAfter: new Date(fields.notAfterMs ?? Date.now() + HOUR_MS),
    signingAlgorithm: SIGNING,
    publicKey,
    signingKey: await importKey(typeof by === "string" ? by : by.key),
    extensions: [new BasicConstraintsExtension(isAuthority, pathLength, true), ...extensions],
  });
  return certificate.toString("pem");
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", PemConverter.decodeFirst(pem), KEYS, false, ["sign"]);
}
