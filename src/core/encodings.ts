/** Undefined for a text with invalid percent-encoding. */
export function decodePercent(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const FORMS = {
  hex: /^([0-9a-f]{2})*$/i,
  base64: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}(==)?|[A-Za-z0-9+/]{3}=?)?$/,
};

/** Ignores white space. `Buffer.from` alone would silently stop at the first invalid character. */
export function parseEncodedBytes(text: string, encoding: "hex" | "base64"): Buffer | undefined {
  const compact = text.replace(/\s/g, "");
  return FORMS[encoding].test(compact) ? Buffer.from(compact, encoding) : undefined;
}

/** The same bytes, not a copy. */
export function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

let last = { timeMs: Number.NaN, text: "" };
let beforeLast = last;

/** ISO 8601. Under load, many messages have the same times, and formatting is slow. */
export function formatUtc(timeMs: number): string {
  if (last.timeMs === timeMs) return last.text;
  const known = beforeLast.timeMs === timeMs ? beforeLast : undefined;
  beforeLast = last;
  last = known ?? { timeMs, text: new Date(timeMs).toISOString() };
  return last.text;
}
