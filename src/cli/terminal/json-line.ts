/** Formats an object as one line of JSON that is safe on a terminal. */

/** What JSON.stringify leaves raw and a terminal might interpret: DEL, C1, format characters, separators. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Ends with a newline. Unsafe characters are written as `\uXXXX`, so that it parses back to the same value. */
export function formatJsonLine(value: object): string {
  return `${JSON.stringify(value).replace(UNSAFE, toUnicodeEscapes)}\n`;
}

function toUnicodeEscapes(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
