import { escapeText } from "../terminal/escape.ts";
import type { OutputData } from "../terminal/output.ts";

const LENIENT_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** `--raw`: the bytes of each body, or, for a terminal, its text. */
export function createRawFormat(
  separator: string,
  isTTY: boolean,
): (body: Uint8Array) => OutputData {
  if (isTTY) return (body) => escapeText(LENIENT_UTF8.decode(body)) + separator;
  const end = Buffer.from(separator);
  return (body) => Buffer.concat([body, end]);
}
