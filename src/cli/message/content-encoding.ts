/** Text is sent as UTF-8: a content encoding that names another charset would mislead the receiver. */

import { UsageError } from "../terminal/usage-error.ts";

/** Unicode in other forms, which the Encoding Standard has no decoders for. */
const NOT_UTF8 = /^(utf|ucs)[-_]?(2|4|7|16|32)/i;

/**
 * Takes what is no charset, such as gzip, and any in which the text has the same bytes, such as
 * US-ASCII for ASCII text.
 *
 * @throws UsageError
 */
export function validateContentEncoding(contentEncoding: string, text: string): void {
  if (!contradicts(contentEncoding.trim(), text)) return;
  throw new UsageError(
    `--content-encoding ${contentEncoding}: a text body is sent as UTF-8`,
    "Omit it, or give the encoded bytes in a file: --data-file-path <path>.",
  );
}

function contradicts(label: string, text: string): boolean {
  if (NOT_UTF8.test(label)) return true;
  try {
    const decoder = new TextDecoder(label, { ignoreBOM: true });
    return decoder.encoding !== "utf-8" && decoder.decode(Buffer.from(text)) !== text;
  } catch {
    return false;
  }
}
