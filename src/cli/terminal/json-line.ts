/** One object, one line, safe on a terminal. */

/** What JSON.stringify leaves raw and a terminal might obey: DEL, C1, format characters, separators. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Ends with a newline. Parses back to the same value: what is unsafe is written as `\uXXXX`. */
export function formatJsonLine(value: object): string {
  return `${JSON.stringify(value).replace(UNSAFE, toUnicodeEscapes)}\n`;
}

function toUnicodeEscapes(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
