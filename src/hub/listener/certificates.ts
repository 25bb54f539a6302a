import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import {
  authorityKeyIdentifier,
  basicConstraints,
  keyUsage,
  nameOf,
  serverAuthentication,
  signCertificate,
  subjectAltNames,
  subjectKeyIdentifier,
  subjectOf,
} from "./certificate-der.ts";

/** Both PEM. */
export interface CertificateWithKey {
  readonly certificate: string;
  readonly privateKey: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const SERVER_DAYS = 397;

/** Bits of the extension "key usage", from the first, and how many of the last byte are unused. */
const SIGN_CERTIFICATES_AND_CRLS = [0b0000_0110, 1] as const;
const SIGN_AND_ENCIPHER_KEYS = [0b1010_0000, 5] as const;

export function createCertificateAuthority(nowMs: number): CertificateWithKey {
  const { publicKey, privateKey } = createKeys();
  const subject = nameOf("c2d-hub local certificate authority");
  const certificate = signCertificate(
    {
      issuer: subject,
      subject,
      ...validity(nowMs, AUTHORITY_DAYS),
      publicKey,
      extensions: [
        basicConstraints(0),
        keyUsage(...SIGN_CERTIFICATES_AND_CRLS),
        subjectKeyIdentifier(publicKey),
      ],
    },
    privateKey,
  );
  return toPem(certificate, privateKey);
}

export function issueServerCertificate(
  authority: CertificateWithKey,
  hostNames: readonly string[],
  nowMs: number,
): CertificateWithKey {
  const issuer = new X509Certificate(authority.certificate);
  const { publicKey, privateKey } = createKeys();
  const certificate = signCertificate(
    {
      issuer: subjectOf(issuer.raw),
      subject: nameOf(hostNames[0] ?? ""),
      ...validity(nowMs, SERVER_DAYS),
      publicKey,
      extensions: [
        basicConstraints(),
        keyUsage(...SIGN_AND_ENCIPHER_KEYS),
        serverAuthentication(),
        subjectAltNames(hostNames),
        subjectKeyIdentifier(publicKey),
        authorityKeyIdentifier(issuer.publicKey),
      ],
    },
    createPrivateKey(authority.privateKey),
  );
  return toPem(certificate, privateKey);
}

function createKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Backdated by a day, for peers with slow clocks. */
function validity(nowMs: number, days: number) {
  return { notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + days * DAY_MS) };
}

function toPem(certificate: Uint8Array, key: KeyObject): CertificateWithKey {
  return {
    certificate: new X509Certificate(certificate).toString(),
    privateKey: key.export({ type: "pkcs8", format: "pem" }) as string,
  };
}
