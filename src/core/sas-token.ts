/** The signed text is `sr` exactly as in the token, never decoded (rule sas-signature). */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { decodePercent } from "./encodings.ts";
import { HubError } from "./hub-error.ts";

export interface SasToken {
  /** As in the token, still encoded. */
  readonly rawResource: string;
  readonly signature: Buffer;
  /** Seconds since the epoch, UTC. */
  readonly expirySeconds: number;
  /** Absent for a token signed with a device's own key. */
  readonly policyName?: string;
}

const PREFIX = "SharedAccessSignature ";

/** @throws HubError IotHubUnauthorized when the text is not a token. */
export function parseSasToken(text: string): SasToken {
  if (!text.startsWith(PREFIX))
    throw unauthorized("The password is not a shared access signature.");
  const fields = new Map<string, string>();
  for (const part of text.slice(PREFIX.length).split("&")) {
    const equals = part.indexOf("=");
    if (equals > 0) fields.set(part.slice(0, equals), part.slice(equals + 1));
  }
  const [rawResource, signature, expiry] = ["sr", "sig", "se"].map((name) => fields.get(name));
  if (!rawResource || !signature || !expiry || !/^\d+$/.test(expiry)) {
    throw unauthorized("The shared access signature lacks sr, sig or se.");
  }
  const policyName = fields.get("skn");
  return {
    rawResource,
    signature: Buffer.from(decodePercent(signature) ?? signature, "base64"),
    expirySeconds: Number(expiry),
    ...(policyName && { policyName: decodePercent(policyName) ?? policyName }),
  };
}

interface SasTokenParts {
  /** `{host}` or `{host}/devices/{id}`, not encoded. */
  readonly resource: string;
  /** Base64, as in connection strings. */
  readonly key: string;
  readonly expirySeconds: number;
  readonly policyName?: string;
}

export function formatSasToken({
  resource,
  key,
  expirySeconds,
  policyName,
}: SasTokenParts): string {
  const sr = encodeURIComponent(resource);
  const sig = encodeURIComponent(
    hmac(Buffer.from(key, "base64"), sr, expirySeconds).toString("base64"),
  );
  const skn = policyName === undefined ? "" : `&skn=${encodeURIComponent(policyName)}`;
  return `${PREFIX}sr=${sr}&sig=${sig}&se=${expirySeconds}${skn}`;
}

/**
 * In constant time. Event Hubs clients sign with the text of the key, all others with the bytes it
 * encodes; either proves possession of the key (rule sas-key-text).
 */
export function isSignedWith(
  { rawResource, signature, expirySeconds }: SasToken,
  key: string,
): boolean {
  return [Buffer.from(key, "base64"), Buffer.from(key, "utf8")].some((bytes) => {
    if (bytes.length === 0) return false;
    const expected = hmac(bytes, rawResource, expirySeconds);
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  });
}

/** In constant time, for any lengths. */
export function isKey(text: string, key: string): boolean {
  return timingSafeEqual(sha256(text), sha256(key));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function hmac(key: Buffer, rawResource: string, expirySeconds: number): Buffer {
  return createHmac("sha256", key).update(`${rawResource}\n${expirySeconds}`).digest();
}

function unauthorized(message: string): HubError {
  return new HubError("IotHubUnauthorized", message);
}
