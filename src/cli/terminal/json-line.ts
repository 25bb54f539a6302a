/** What JSON.stringify leaves raw and a terminal might interpret. */
const UNSAFE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Most lines: the test is much faster than the search. */
const PRINTABLE_ASCII = /^[ -~]*$/;

/** Ends with a newline. */
export function formatJsonLine(value: object): string {
  return `${formatJson(value)}\n`;
}

/** Unsafe characters become `\uXXXX`, which parses back to the same value. */
export function formatJson(value: unknown): string {
  const json = JSON.stringify(value);
  return PRINTABLE_ASCII.test(json) ? json : json.replace(UNSAFE, toUnicodeEscapes);
}

function toUnicodeEscapes(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
