/**
 * Not checked by TLS (rule x509-sign-in): clients that see a list of authorities may withhold a
 * certificate from another issuer, although its thumbprint is registered.
 */

import "reflect-metadata";
import { X509Certificate } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  X509Certificate as ParsedCertificate,
} from "@peculiar/x509";

const MAX_INTERMEDIATES = 10;

/** A certificate with any other critical extension is refused (RFC 5280, 4.2). */
const UNDERSTOOD_EXTENSIONS: readonly string[] = [
  "2.5.29.15", // key usage
  "2.5.29.17", // subject alternative name
  "2.5.29.19", // basic constraints
  "2.5.29.37", // extended key usage
];

const ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";

interface Certificate {
  /** Checks names, key usage and signatures, as OpenSSL does. */
  readonly x509: X509Certificate;
  /** For fields that Node does not expose. */
  readonly parsed: ParsedCertificate;
}

export class DeviceAuthorities {
  readonly #authorities: readonly Certificate[];

  /** @param pems Texts with one or more certificates each. */
  constructor(pems: readonly string[]) {
    this.#authorities = pems.flatMap(splitPem).map(parse);
  }

  /**
   * All signatures and dates are valid, every issuer may issue, and at most 10 are intermediates.
   * @param chain DER: the device's certificate, then any others that the client sent, in any order.
   */
  haveIssued(chain: readonly Uint8Array[], nowMs: number): boolean {
    if (this.#authorities.length === 0) return false;
    const [own, ...others] = chain.slice(0, 1 + MAX_INTERMEDIATES).flatMap(parseOrNone);
    return (
      own !== undefined &&
      this.#leadsToAuthority(own, { untried: new Set(others), depth: 0, nowMs })
    );
  }

  /** @param untried Candidates for the next issuer: each is tried once, so cycles end. */
  #leadsToAuthority(
    certificate: Certificate,
    { untried, depth, nowMs }: { untried: Set<Certificate>; depth: number; nowMs: number },
  ): boolean {
    if (!isAcceptable(certificate, nowMs)) return false;
    const mayBeNext = (issuer: Certificate): boolean =>
      mayIssue(issuer, depth) && isIssuedBy(certificate, issuer);
    if (this.#authorities.some((one) => mayBeNext(one) && isInDate(one, nowMs))) return true;
    for (const issuer of untried) {
      if (!mayBeNext(issuer)) continue;
      untried.delete(issuer);
      if (this.#leadsToAuthority(issuer, { untried, depth: depth + 1, nowMs })) return true;
    }
    return false;
  }
}

/** The device's own certificate included. */
function isAcceptable(certificate: Certificate, nowMs: number): boolean {
  const { x509, parsed } = certificate;
  // Node's name for the extended key usage; a certificate without it may be used for anything.
  const usages: readonly string[] | undefined = x509.keyUsage;
  const isForClients = usages?.some((usage) => CLIENT_USAGES.includes(usage)) ?? true;
  const isUnderstood = parsed.extensions.every(
    ({ critical, type }) => !critical || UNDERSTOOD_EXTENSIONS.includes(type),
  );
  return isForClients && isUnderstood && isInDate(certificate, nowMs);
}

const CLIENT_USAGES: readonly string[] = [ExtendedKeyUsage.clientAuth, ANY_EXTENDED_KEY_USAGE];

function isInDate({ parsed }: Certificate, nowMs: number): boolean {
  return parsed.notBefore.getTime() <= nowMs && nowMs <= parsed.notAfter.getTime();
}

/** @param below Authorities between the issuer and the device. */
function mayIssue({ x509, parsed }: Certificate, below: number): boolean {
  const { pathLength = Number.POSITIVE_INFINITY } =
    parsed.getExtension(BasicConstraintsExtension) ?? {};
  return x509.ca && below <= pathLength;
}

function isIssuedBy({ x509 }: Certificate, issuer: Certificate): boolean {
  try {
    return x509.checkIssued(issuer.x509) && x509.verify(issuer.x509.publicKey);
  } catch {
    // OpenSSL cannot verify with this key.
    return false;
  }
}

function splitPem(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  return blocks ?? [text];
}

function parse(encoded: string | Uint8Array): Certificate {
  const x509 = new X509Certificate(encoded);
  return { x509, parsed: new ParsedCertificate(x509.raw) };
}

function parseOrNone(encoded: Uint8Array): Certificate[] {
  try {
    return [parse(encoded)];
  } catch {
    return [];
  }
}
