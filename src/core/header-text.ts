/** Visible ASCII only: all else is percent-encoded (rule https-headers; Azure's way is unknown). */

import { decodePercent } from "./encodings.ts";

/** Header names are tokens (RFC 9110, 5.6.2); `%` marks encoded bytes. */
export function encodeHeaderName(name: string): string {
  return name.replace(/[^A-Za-z0-9!#$&'*+.^_`|~-]+/gu, (part) =>
    Buffer.from(part).toString("hex").toUpperCase().replace(/../g, "%$&"),
  );
}

export const decodeHeaderName = decodePercent;

export function encodeHeaderValue(text: string): string {
  return isPlain(text) ? text : encodeURIComponent(text);
}

/** Decodes only what had to be encoded: a `%41` in a value that is all visible ASCII is literal. */
export function decodeHeaderValue(value: string): string {
  const text = decodePercent(value);
  if (text === undefined || isPlain(text)) return value;
  return encodeURIComponent(text) === value ? text : value;
}

/** HTTP trims spaces at both ends of a value. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text) && text.trim() === text;
}
