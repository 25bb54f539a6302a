/** Validates `--content-encoding`: text is sent as UTF-8, so another charset would be wrong. */

import { UsageError } from "../terminal/usage-error.ts";

/** Other Unicode encodings, for which the Encoding Standard has no decoders. */
const NOT_UTF8 = /^(utf|ucs)[-_]?(2|4|7|16|32)/i;

/**
 * Accepts any charset that encodes the text to the same bytes, and what is none, such as gzip.
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
