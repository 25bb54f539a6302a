/**
 * Properties in HTTP headers, which carry visible ASCII: everything else is percent-encoded, in either
 * direction (rule https-headers). No document says how Azure does it.
 */

import { decodePercent } from "./percent-encoding.ts";

/** Names of headers are tokens (RFC 9110, 5.6.2); `%` announces what is encoded. */
export function encodeHeaderName(name: string): string {
  return name.replace(/[^A-Za-z0-9!#$&'*+.^_`|~-]+/gu, (part) =>
    Buffer.from(part).toString("hex").toUpperCase().replace(/../g, "%$&"),
  );
}

/** Undefined for a name whose percent-encoding is broken. */
export const decodeHeaderName = decodePercent;

export function encodeHeaderValue(text: string): string {
  return isPlain(text) ? text : encodeURIComponent(text);
}

/** Only what had to be encoded is decoded: a `%41` among nothing but visible ASCII stands for itself. */
export function decodeHeaderValue(value: string): string {
  const text = decodePercent(value);
  if (text === undefined || isPlain(text)) return value;
  return encodeURIComponent(text) === value ? text : value;
}

/** HTTP takes the spaces at the ends of a value away. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.trim() === text;
}
