/** Makes foreign text safe to print: nothing in it can steer a terminal or fake a line. */

/**
 * Control, format (bidirectional overrides among them), lone surrogates and line separators.
 * Joiners stay, for emoji and several scripts are written with them.
 */
const UNSAFE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
};

/** One line, whatever comes in. */
export function escapeLine(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? toEscape(character));
}

/** Several lines and tabs stay what they are. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (character) =>
    character === "\n" || character === "\t"
      ? character
      : (SHORT[character] ?? toEscape(character)),
  );
}

function toEscape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
}
