/** X.509 certificates of version 3 (RFC 5280) in DER, signed with ECDSA and SHA-256. */

import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";
import {
  type AsnType,
  BitString,
  Boolean as BooleanBlock,
  Constructed,
  fromBER,
  GeneralizedTime,
  Integer,
  ObjectIdentifier,
  OctetString,
  Primitive,
  Sequence,
  Set as SetBlock,
  UTCTime,
  Utf8String,
} from "asn1js";

export interface CertificateContent {
  /** DER. */
  readonly issuer: Uint8Array;
  /** DER. */
  readonly subject: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: KeyObject;
  readonly extensions: readonly AsnType[];
}

const OID = {
  commonName: "2.5.4.3",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

const VERSION_3 = 2;

/** UTCTime has two digits for the year. */
const FIRST_YEAR_OF_GENERALIZED_TIME = 2050;

const CONTEXT_SPECIFIC = 3;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

/** Where a certificate's own content has its subject. */
const SUBJECT_FIELD = 5;

export function signCertificate(content: CertificateContent, key: KeyObject): Uint8Array {
  const { issuer, subject, notBefore, notAfter, publicKey, extensions } = content;
  const algorithm = sequence(oid("ecdsaWithSha256"));
  const signed = toDer(
    sequence(
      tagged(0, new Integer({ value: VERSION_3 })),
      new Integer({ valueHex: plain(serialNumber()) }),
      algorithm,
      parsed(issuer),
      sequence(time(notBefore), time(notAfter)),
      parsed(subject),
      parsed(publicKey.export({ type: "spki", format: "der" })),
      tagged(3, sequence(...extensions)),
    ),
  );
  const signature = new BitString({ valueHex: plain(sign("sha256", signed, key)) });
  return toDer(sequence(parsed(signed), algorithm, signature));
}

export function nameOf(commonName: string): Uint8Array {
  const attribute = sequence(oid("commonName"), new Utf8String({ value: commonName }));
  return toDer(sequence(new SetBlock({ value: [attribute] })));
}

/** As it stands in the certificate: some clients compare names byte by byte. */
export function subjectOf(certificate: Uint8Array): Uint8Array {
  const [content] = childrenOf(parsed(certificate));
  const subject = content && childrenOf(content)[SUBJECT_FIELD];
  if (subject === undefined) throw new Error("The certificate has no subject.");
  return toDer(subject);
}

/** @param pathLength How many other authorities may stand below; undefined for no authority. */
export function basicConstraints(pathLength?: number): AsnType {
  const value =
    pathLength === undefined
      ? sequence()
      : sequence(new BooleanBlock({ value: true }), new Integer({ value: pathLength }));
  return extension("basicConstraints", value, true);
}

/** @param bits The first bit is the highest. */
export function keyUsage(bits: number, unusedBits: number): AsnType {
  const value = new BitString({ valueHex: Uint8Array.of(bits), unusedBits });
  return extension("keyUsage", value, true);
}

export function serverAuthentication(): AsnType {
  return extension("extKeyUsage", sequence(oid("serverAuth")));
}

export function subjectAltNames(names: readonly string[]): AsnType {
  return extension("subjectAltName", sequence(...names.map(generalName)));
}

export function subjectKeyIdentifier(key: KeyObject): AsnType {
  return extension(
    "subjectKeyIdentifier",
    new OctetString({ valueHex: plain(keyIdentifier(key)) }),
  );
}

export function authorityKeyIdentifier(key: KeyObject): AsnType {
  return extension("authorityKeyIdentifier", sequence(implicit(0, keyIdentifier(key))));
}

function extension(name: keyof typeof OID, value: AsnType, isCritical = false): AsnType {
  const critical = isCritical ? [new BooleanBlock({ value: true })] : [];
  return sequence(oid(name), ...critical, new OctetString({ valueHex: toDer(value) }));
}

function generalName(name: string): AsnType {
  const address = addressBytes(name);
  return address ? implicit(IP_ADDRESS, address) : implicit(DNS_NAME, Buffer.from(name, "latin1"));
}

function addressBytes(name: string): Uint8Array | undefined {
  if (isIPv4(name)) return Uint8Array.from(name.split("."), Number);
  return name.includes(":") ? ipv6Bytes(name) : undefined;
}

function ipv6Bytes(address: string): Uint8Array {
  // The URL parser writes every form of an address in the same way: hexadecimal groups, and one "::".
  const [head = "", tail = ""] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const [before, after] = [head, tail].map((text) => (text === "" ? [] : text.split(":")));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array<string>(missing).fill("0"), ...(after ?? [])];
  const bytes = Buffer.alloc(16);
  for (const [index, group] of groups.entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * index);
  }
  return bytes;
}

/** SHA-1 of the key's bits (RFC 5280, 4.2.1.2). */
function keyIdentifier(key: KeyObject): Uint8Array {
  const [, bits] = childrenOf(parsed(key.export({ type: "spki", format: "der" })));
  if (!(bits instanceof BitString)) throw new Error("The public key has no bits.");
  return createHash("sha1").update(bits.valueBlock.valueHexView).digest();
}

/** 16 random bytes; the first bit is clear, because DER would read a negative number. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes;
}

function time(value: Date): AsnType {
  return value.getUTCFullYear() < FIRST_YEAR_OF_GENERALIZED_TIME
    ? new UTCTime({ valueDate: value })
    : new GeneralizedTime({ valueDate: value });
}

function oid(name: keyof typeof OID): ObjectIdentifier {
  return new ObjectIdentifier({ value: OID[name] });
}

function sequence(...value: readonly AsnType[]): Sequence {
  return new Sequence({ value: [...value] });
}

function tagged(tagNumber: number, value: AsnType): Constructed {
  return new Constructed({
    idBlock: { tagClass: CONTEXT_SPECIFIC, tagNumber },
    value: [value],
  });
}

function implicit(tagNumber: number, valueHex: Uint8Array): Primitive {
  return new Primitive({
    idBlock: { tagClass: CONTEXT_SPECIFIC, tagNumber },
    valueHex: plain(valueHex),
  });
}

function parsed(der: Uint8Array): AsnType {
  return fromBER(plain(der)).result;
}

/** asn1js writes all of the memory behind a Buffer, which others may share. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

function childrenOf(block: AsnType): AsnType[] {
  return block instanceof Constructed ? block.valueBlock.value : [];
}

function toDer(block: AsnType): Uint8Array {
  return new Uint8Array(block.toBER());
}
