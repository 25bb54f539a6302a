/** What JSON.stringify leaves raw and a terminal might interpret. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Ends with a newline. Unsafe characters become `\uXXXX`, which parses back to the same value. */
export function formatJsonLine(value: object): string {
  return `${JSON.stringify(value).replace(UNSAFE, toUnicodeEscapes)}\n`;
}

function toUnicodeEscapes(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
