const MAX_CHARACTERS = 160;

/** A character of UTF-8 has up to 4 bytes. */
const MAX_BYTES = MAX_CHARACTERS * 4;

/** Control characters other than white space. */
const BINARY = /(?!\s)\p{Cc}/u;

/** The first of a body's text; undefined if it is not text. */
export function previewOf(body: Uint8Array): string | undefined {
  try {
    // As a stream: the last character may be cut.
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const text = decoder.decode(body.subarray(0, MAX_BYTES), { stream: body.length > MAX_BYTES });
    return BINARY.test(text) ? undefined : text.slice(0, MAX_CHARACTERS);
  } catch {
    return undefined;
  }
}
