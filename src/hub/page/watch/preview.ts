import { isUtf8 } from "node:buffer";
import { asBuffer } from "../../../core/encodings.ts";

const MAX_CHARACTERS = 160;

/** A character of UTF-8 has up to 4 bytes. */
const MAX_BYTES = MAX_CHARACTERS * 4;

/** Control characters other than white space. */
const BINARY = /(?!\s)\p{Cc}/u;

/** The first of a body's text; undefined if it is not text. */
export function previewOf(body: Uint8Array): string | undefined {
  const first = body.subarray(0, wholeCharacters(body));
  if (!isUtf8(first)) return undefined;
  const text = asBuffer(first).toString();
  return BINARY.test(text) ? undefined : text.slice(0, MAX_CHARACTERS);
}

/** The last character is not cut. */
function wholeCharacters(body: Uint8Array): number {
  if (body.length <= MAX_BYTES) return body.length;
  let end = MAX_BYTES;
  while (end > MAX_BYTES - 4 && isContinuation(body[end])) end -= 1;
  return end;
}

function isContinuation(byte = 0): boolean {
  return byte >> 6 === 0b10;
}
